import ChannelNetwork
import Core

/// How a hook knows who posts to it.
enum WebhookAuthentication: String, Sendable, CaseIterable {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature` over the raw bytes, in a time window.
    case standard
    /// `X-Hub-Signature-256: sha256=<hex>` over the raw bytes.
    case github
    /// `Authorization: Bearer <key>`.
    case bearer

    /// What a request that is let in is known by.
    struct Proof: Sendable, Equatable {
        /// The same for a repeat of the request, made only of what the sender's key vouches for; where nothing tells a repeat
        /// from a new post, another for each.
        var key: String
        /// When it was sent, where that is vouched for.
        var sentAt: Timestamp?
    }

    /// The shortest key of the methods that take any text, in bytes.
    static let shortestKey = 16

    /// What is wrong with a key, in words; nil for one that can be used.
    func fault(ofKey key: String) -> String? {
        switch self {
        case .standard:
            StandardWebhookKey(key) == nil ? "must be whsec_ and the base64 of 24 to 64 random bytes" : nil
        case .github, .bearer:
            key.utf8.count < Self.shortestKey
                ? "is too short: make one with `openssl rand -hex 32`"
                : key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? nil : "must be visible ASCII without spaces"
        }
    }

    /// Lets a request in, or nil without saying why.
    func proof(of request: WebhookRequest, key: String, now: Timestamp) -> Proof? {
        let headers = request.headers
        switch self {
        case .standard:
            guard let id = headers["webhook-id"], Self.isID(id), let time = headers["webhook-timestamp"],
                let field = headers["webhook-signature"],
                let secret = StandardWebhookKey(key),
                secret.isValid(field, id: id, timestamp: time, body: request.body, now: now)
            else { return nil }
            return Proof(key: "id:\(id)", sentAt: Int64(time).map { Timestamp(milliseconds: $0 * 1000) })
        case .github:
            // The delivery's id is not signed: a replay could carry another, so that the body alone tells repeats.
            guard let field = headers["x-hub-signature-256"],
                WebhookSignature.isGitHub(field, secret: key, body: request.body)
            else { return nil }
            return Proof(key: Self.digest(request.body), sentAt: nil)
        case .bearer:
            guard let field = headers["authorization"], field.lowercased().hasPrefix("bearer "),
                HMACSignature.areEqual(Array(field.dropFirst(7).utf8), Array(key.utf8))
            else { return nil }
            // Without an id equal posts are two events: a door bell says the same each time.
            guard let id = headers["webhook-id"] ?? headers["idempotency-key"], Self.isID(id) else {
                return Proof(key: Self.fresh(), sentAt: nil)
            }
            return Proof(key: "id:\(id)", sentAt: nil)
        }
    }

    /// A fingerprint of bytes; another than anybody's signature.
    static func digest(_ bytes: [UInt8]) -> String {
        "body:" + Hex.encode(HMACSignature.code(.sha256, key: Array("nanoclaw webhook".utf8), bytes).prefix(16))
    }

    private static func fresh() -> String {
        "post:" + Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }

    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
