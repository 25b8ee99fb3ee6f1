import ChannelKit
import ChatMarkdown
import Core

/// Contents of the events that are sent.
enum OutgoingContent {
    /// Text of an edit's fallback, for clients that know no edits, in bytes.
    private static let longestFallback = 1_000

    /// A text with its relations.
    static func text(_ text: OutgoingParts.Text, relation: JSONValue?) -> JSONValue {
        var fields = body(text)
        fields["m.relates_to"] = relation
        return .object(fields)
    }

    /// A new text for an event.
    static func edit(_ target: String, _ text: OutgoingParts.Text) -> JSONValue {
        let new = body(text)
        var fallback = new["body"]?.string ?? ""
        if fallback.utf8.count > longestFallback { fallback = String(fallback.prefix(longestFallback / 4)) + "…" }
        return [
            "msgtype": "m.text", "body": .string("* \(fallback)"), "m.new_content": .object(new), "m.mentions": [:],
            "m.relates_to": ["rel_type": "m.replace", "event_id": .string(target)],
        ]
    }

    static func reaction(_ target: String, _ key: String) -> JSONValue {
        ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(target), "key": .string(key)]]
    }

    /// A few words of the host's own that nobody is to answer.
    static func notice(_ text: String, to person: String?, relation: JSONValue?) -> JSONValue {
        var fields: [String: JSONValue] = ["msgtype": "m.notice", "body": .string(text)]
        fields["m.mentions"] = person.map { ["user_ids": [.string($0)]] } ?? [:]
        fields["m.relates_to"] = relation
        return .object(fields)
    }

    /// A file that is on the server.
    static func file(_ file: OutboundFile, at url: String, cipher: AttachmentKey?, relation: JSONValue?) -> JSONValue {
        let type = MediaType.of(file.name)
        var fields: [String: JSONValue] = [
            "msgtype": .string(MessageType.ofFile(type)), "body": .string(file.name), "filename": .string(file.name),
            "info": ["mimetype": .string(type), "size": .integer(Int64(file.size))], "m.mentions": [:],
        ]
        if let cipher { fields["file"] = cipher.json(url: url) } else { fields["url"] = .string(url) }
        fields["m.relates_to"] = relation
        return .object(fields)
    }

    /// Where a message stands: in a thread, as an answer, or neither.
    ///
    /// `latest` is the thread's newest message, which clients without threads show as answered.
    static func relation(thread: String?, latest: String?, quotes: String?) -> JSONValue? {
        guard let thread else { return quotes.map { ["m.in_reply_to": ["event_id": .string($0)]] } }
        return [
            "rel_type": "m.thread", "event_id": .string(thread), "is_falling_back": .bool(quotes == nil),
            "m.in_reply_to": ["event_id": .string(quotes ?? latest ?? thread)],
        ]
    }

    private static func body(_ text: OutgoingParts.Text) -> [String: JSONValue] {
        let plain = text.isPlain ? text.rendered : text.plain.rendered
        var fields: [String: JSONValue] = ["msgtype": "m.text", "body": .string(plain)]
        var people: [String] = []
        if !text.isPlain {
            fields["format"] = "org.matrix.custom.html"
            fields["formatted_body"] = .string(text.rendered)
            people = pills(text.rendered)
        }
        // Always there, so that clients look for no names in the text.
        fields["m.mentions"] = people.isEmpty ? [:] : ["user_ids": .array(people.map { .string($0) })]
        return fields
    }

    /// The people whom links in the text lead to: `https://matrix.to/#/@ann:example.org`.
    static func pills(_ html: String) -> [String] {
        let mark = "https://matrix.to/#/"
        var people: [String] = []
        var rest = html[...]
        while let found = rest.firstRange(of: mark) {
            rest = rest[found.upperBound...]
            let id = String(rest.prefix { !"\"'<>?&# ".contains($0) }).replacingPercentEscapes
            if MatrixID.isUser(id), !people.contains(id) { people.append(id) }
        }
        return people
    }
}

extension String {
    /// With `%40` and `%3A` read: what writers of links escape in ids of people.
    fileprivate var replacingPercentEscapes: String {
        replacing("%40", with: "@").replacing("%3A", with: ":").replacing("%3a", with: ":")
    }
}
