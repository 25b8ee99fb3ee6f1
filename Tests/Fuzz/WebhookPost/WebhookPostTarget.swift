import ChannelKit
import Core

@testable import ChannelNetwork
@testable import ChannelSlack
@testable import ChannelWebhook

/// A post to a webhook: who may post, what the body is, and what an agent is told of it.
struct WebhookPostTarget: FuzzTarget {
    static let name = "webhook-post"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        switch choices.below(5) {
        case 0: path(&choices)
        case 1: form(&choices)
        case 2: SignatureCheck.run(&choices)
        default: post(&choices)
        }
    }

    // MARK: - Paths

    private func path(_ choices: inout Choices) {
        let text = choices.text(200)
        let json = (try? JSONText.decode(JSONValue.self, choices.remainder())) ?? .null
        guard let path = JSONPath(text) else { return }
        let found = path.value(in: json)
        require(found == PlainPath.value(text, json), "a path leads where its words say: \(text)")
        require(found != .null, "nothing stands where null does")
        if !text.contains("{") {
            require(WebhookTemplate(text)?.filled(from: json) == found?.words, "a path alone is a template")
        }
        let template = WebhookTemplate("a{\(text)}b")
        require(template?.filled(from: json) == found.map { "a\($0.words)b" }, "a path in braces is filled in")
    }

    // MARK: - Forms

    private func form(_ choices: inout Choices) {
        var fields: [(name: String, value: String)] = []
        for _ in 0..<choices.below(6) { fields.append((choices.text(30), choices.text(60))) }
        let plain = choices.flag()
        let body = fields.map { "\(escaped($0.name, plain))=\(escaped($0.value, plain))" }.joined(separator: "&")
        let type = "application/x-www-form-urlencoded"
        guard let read = WebhookBody(Array(body.utf8), contentType: type)?.json.object else {
            violated("a form is read")
        }
        let last = Dictionary(fields) { $1 }
        require(read == last.mapValues(JSONValue.string), "a form's fields come out as they were")
        let first = Dictionary(fields) { first, _ in first }
        require(FormDecoding.fields(body.utf8) == first, "Slack's form comes out as it was")
        // What no encoder writes is refused or text, and ends nothing.
        let rest = choices.remainder()
        if let other = WebhookBody(rest, contentType: type) { require(other.json.object != nil, "a form has fields") }
        require(FormDecoding.fields(rest).count <= 100, "a form's fields are few")
    }

    private func escaped(_ text: String, _ isPlain: Bool) -> String {
        let digits = Array("0123456789abcdef")
        return text.utf8.map { byte in
            let isLetter = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if isPlain, byte == 0x20 { return "+" }
            return isPlain && isLetter
                ? String(Unicode.Scalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }

    // MARK: - Posts

    private static let types: [String?] = [
        nil, "application/json", "application/json; charset=utf-8", "application/vnd.x+json", "text/plain",
        "application/x-www-form-urlencoded", "application/octet-stream", "image/png", ";",
    ]

    private func post(_ choices: inout Choices) {
        var values = ["name": "hook", "auth": choices.pick(["bearer", "github"]), "key": "0123456789abcdef"]
        for field in ["text", "sender", "thread", "event"] where choices.flag() { values[field] = choices.text(40) }
        guard let settings = try? WebhookSettings(ChannelValues(values)) else { return }
        let type = choices.pick(Self.types)
        let isSynchronous = choices.flag()
        // Bodies of which the bounds cut something.
        let times = choices.pick([1, 1, 1, 40, 2000])
        var bytes = choices.remainder()
        if times > 1, let text = bytes.split(separator: UInt8(ascii: "~"), maxSplits: 1).last {
            bytes = bytes.dropLast(text.count) + Array(repeatElement(text, count: times).joined())
        }
        guard bytes.count < 1 << 18, let body = WebhookBody(bytes, contentType: type) else { return }
        require(Array(body.raw.utf8) == bytes, "a body is told as it came")
        let proof = WebhookAuthentication.Proof(key: "id:1", sentAt: nil)
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let event = WebhookReading(settings: settings).event(body, proof, now: now, isSynchronous: isSynchronous)
        EventCheck.event(event, "webhook", account: "hook")
        require(event.senderNativeID == nil && event.isBot, "a program posts")
        guard let told = event.webhook else { violated("a post is one") }
        require(told.payload.utf8.count <= WebhookReading.longestPayload + 60, "a payload is cut")
        require(event.content.text.utf8.count <= WebhookReading.longestText + 60, "a text for patterns is cut")
        if body.raw.utf8.count <= WebhookReading.longestPayload, settings.text == nil {
            require(told.payload == body.raw, "a short payload is told whole")
        }
        for (text, most) in [(event.senderName ?? "", 480), (told.event, 480), (told.source, 500)] {
            require(text.utf8.count <= most, "a name is short: \(text.utf8.count)")
            let isLine = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.properties.generalCategory != .control
            }
            require(isLine, "a name is one line")
        }
    }
}

/// The rule of paths, said once more and plainly.
private enum PlainPath {
    static func value(_ text: String, _ json: JSONValue) -> JSONValue? {
        var value: JSONValue? = json
        let bare = text.hasPrefix("$.") ? String(text.dropFirst(2)) : text
        for part in bare.components("." as Character) {
            var pieces = part.components("[" as Character)
            let key = pieces.removeFirst()
            if !key.isEmpty { value = value?.object?[key] }
            for piece in pieces {
                guard let index = Int(piece.dropLast()), let list = value?.array, index < list.count else { return nil }
                value = list[index]
            }
        }
        return value == .null ? nil : value
    }
}

extension String {
    fileprivate func components(_ separator: Character) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
