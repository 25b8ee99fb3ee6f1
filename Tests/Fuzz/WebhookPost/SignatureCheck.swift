import Core

@testable import ChannelNetwork
@testable import ChannelWebhook

/// Signatures of webhooks: exactly the right ones are taken.
enum SignatureCheck {
    private static let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let time = "1790000000"

    static func run(_ choices: inout Choices) {
        let method = choices.below(5)
        let body = choices.bytes(200)
        let isRight = choices.flag()
        let offset = choices.integer()
        let now = Timestamp(milliseconds: 1_790_000_000_000 &+ offset % (1 << 40))
        let isFresh = abs(now.milliseconds - 1_790_000_000_000) <= 300_000
        let right = field(method, body)
        let given = isRight ? right : changed(right, &choices)
        let isTaken = takes(method, given, body, now)
        require(isTaken == expected(method, given, right, isFresh), "exactly the right signature is taken: \(given)")
        let text = choices.text(20)
        let isDigits = (1...12).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        if WebhookSignature.isFresh(text, now: now) { require(isDigits, "a time is digits: \(text)") }
    }

    private static func field(_ method: Int, _ body: [UInt8]) -> String {
        let secret = Array(key.utf8)
        switch method {
        case 0: return "sha256=" + Hex.encode(HMACSignature.code(.sha256, key: secret, body))
        case 1: return "v0=" + Hex.encode(HMACSignature.code(.sha256, key: secret, Array("v0:\(time):".utf8) + body))
        case 2:
            guard let standard = StandardWebhookKey(key) else { violated("the key of the example is one") }
            return standard.signature(id: "msg_1", timestamp: 1_790_000_000, body: body)
        default: return "Bearer \(key)"
        }
    }

    /// The right field with something else in it, or another text.
    private static func changed(_ right: String, _ choices: inout Choices) -> String {
        var bytes = Array(right.utf8)
        switch choices.below(6) {
        case 0: bytes[choices.below(bytes.count)] ^= 1 << UInt8(choices.below(8))
        case 1: bytes.removeLast(choices.below(bytes.count))
        case 2: bytes += choices.bytes(20)
        case 3: return right.uppercased()
        case 4: return choices.text(40) + " " + right
        default: return choices.text(200)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func takes(_ method: Int, _ field: String, _ body: [UInt8], _ now: Timestamp) -> Bool {
        #if PLANTED
        // A check that overlooks what follows the signature.
        let field = method == 0 ? String(field.prefix(71)) : field
        #endif
        switch method {
        case 0: return proof(.github, ["x-hub-signature-256": field], body, now)?.key.hasPrefix("body:") ?? false
        case 1: return WebhookSignature.isSlack(field, timestamp: time, secret: key, body: body, now: now)
        case 2:
            let headers: HeaderList = [
                "webhook-id": "msg_1", "webhook-timestamp": time, "webhook-signature": field,
            ]
            return proof(.standard, headers, body, now)?.key == "id:msg_1"
        case 3: return proof(.bearer, ["authorization": field], body, now) != nil
        default:
            // What is no signature at all is refused by every method.
            let isDiscord = Ed25519.isDiscord(signature: field, timestamp: time, publicKey: field, body: body)
            require(!isDiscord, "a text is no signature")
            return proof(.bearer, ["authorization": field, "webhook-id": field], body, now) != nil
        }
    }

    private static func expected(_ method: Int, _ field: String, _ right: String, _ isFresh: Bool) -> Bool {
        switch method {
        case 0, 1:
            let mark = method == 0 ? 7 : 3
            // The digits may be of either case, what stands before them not.
            let isSame =
                field.utf8.prefix(mark).elementsEqual(right.utf8.prefix(mark))
                && field.utf8.dropFirst(mark).map(lower).elementsEqual(right.utf8.dropFirst(mark))
            return isSame && (method == 0 || isFresh)
        case 2: return isFresh && field.split(separator: " ").prefix(16).contains { $0.utf8.elementsEqual(right.utf8) }
        default:
            return field.utf8.prefix(7).map(lower).elementsEqual("bearer ".utf8)
                && field.utf8.dropFirst(7).elementsEqual(key.utf8)
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }

    private static func proof(
        _ method: WebhookAuthentication,
        _ headers: HeaderList,
        _ body: [UInt8],
        _ now: Timestamp
    ) -> WebhookAuthentication.Proof? {
        let request = WebhookRequest(
            method: "POST",
            path: "hook",
            query: "",
            headers: headers,
            body: body,
            peer: "127.0.0.1"
        )
        return method.proof(of: request, key: key, now: now)
    }
}
