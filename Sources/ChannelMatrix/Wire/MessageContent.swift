import Core

/// What a message says: the content of `m.room.message` or `m.sticker`, or the new content of an edit.
struct MessageContent: Sendable, Equatable {
    /// The `msgtype`; `m.sticker` for a sticker.
    var kind: String
    /// Without the quote that older clients write before an answer, and without the account's name at the front.
    var text: String
    /// The content names the account among those it addresses.
    var mentionsMe: Bool
    var media: MediaReference?

    /// Programs write notices, which other programs do not answer.
    var isNotice: Bool { kind == "m.notice" }

    /// Reads the content; nil for what is no message.
    init?(_ content: JSONValue, type: String, me: String) {
        guard let body = content[key: "body"]?.string else { return nil }
        switch (type, content[key: "msgtype"]?.string) {
        case ("m.sticker", _): kind = "m.sticker"
        case ("m.room.message", let msgtype?): kind = msgtype
        default: return nil
        }
        media = MediaReference(content, kind: kind, body: body)
        mentionsMe = Self.mentions(me, content, body)
        if media != nil {
            // With a file name of its own the body is what the sender says of the file.
            let name = content[key: "filename"]?.string
            text = kind == "m.sticker" || name == nil || name == body ? "" : body
        } else {
            text = Relation(content).repliesTo == nil ? body : Self.withoutQuote(body)
            if mentionsMe { text = Self.withoutAddress(text, me, content) }
        }
        if kind == "m.emote" { text = "* \(text)" }
    }

    /// Without the lines of the quote and the empty line behind them.
    private static func withoutQuote(_ body: String) -> String {
        guard body.hasPrefix("> ") else { return body }
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines.drop { $0.hasPrefix(">") }
        guard let first = rest.first, first.isEmpty else { return body }
        return rest.dropFirst().joined(separator: "\n")
    }

    private static func mentions(_ me: String, _ content: JSONValue, _ body: String) -> Bool {
        if let mentions = content[key: "m.mentions"] {
            return mentions[key: "user_ids"]?.array?.contains(.string(me)) ?? false
        }
        // A client from before this field.
        if body.contains(me) { return true }
        let html = content[key: "formatted_body"]?.string ?? ""
        return html.contains("matrix.to/#/\(me)")
            || html.contains("matrix.to/#/%40\(MatrixID.escaped(String(me.dropFirst())))")
    }
}

/// A file on the server that a message names.
struct MediaReference: Sendable, Equatable {
    /// As ``InboundFile/type`` has it.
    var type: String
    var name: String
    var mediaType: String?
    /// As the sender says.
    var size: Int64?
    var server: String
    var id: String
    /// How it is encrypted; nil for a file in clear.
    var cipher: AttachmentKey?

    init?(_ content: JSONValue, kind: String, body: String) {
        let types = [
            "m.image": "image", "m.file": "document", "m.audio": "audio", "m.video": "video", "m.sticker": "sticker",
        ]
        guard var type = types[kind] else { return nil }
        if kind == "m.audio", content[key: "org.matrix.msc3245.voice"] != nil { type = "voice" }
        let file = content[key: "file"]
        guard let url = file?[key: "url"]?.string ?? content[key: "url"]?.string, let place = Self.place(url)
        else { return nil }
        if let file {
            guard let key = AttachmentKey(file) else { return nil }
            cipher = key
        }
        self.type = type
        name = content[key: "filename"]?.string ?? body
        mediaType = content[key: "info"]?[key: "mimetype"]?.string
        size = content[key: "info"]?[key: "size"]?.integer
        (server, id) = place
    }

    /// The parts of `mxc://server/id` (specification, "Matrix Content (`mxc://`) URIs"); nil for other text.
    static func place(_ url: String) -> (server: String, id: String)? {
        guard url.hasPrefix("mxc://"), url.utf8.count <= 512 else { return nil }
        let parts = url.dropFirst("mxc://".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, parts[1].utf8.allSatisfy(isPlain) else {
            return nil
        }
        return (String(parts[0]), String(parts[1]))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
