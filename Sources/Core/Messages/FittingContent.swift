extension ChatContent {
    /// The same with texts that take no more than so many bytes as JSON; where one is cut it says so.
    ///
    /// A platform hands over what somebody wrote, however long: its reader must not stop at it for ever.
    package func fitting(json bytes: Int) -> ChatContent {
        var content = self
        content.replyTo?.text = replyTo?.text?.fitting(json: bytes / 8)
        content.text = text.fitting(json: bytes - bytes / 8)
        return content
    }
}

extension WebhookContent {
    /// The same with a payload that takes no more than so many bytes as JSON; where it is cut it says so.
    package func fitting(json bytes: Int) -> WebhookContent {
        WebhookContent(source: source, event: event, payload: payload.fitting(json: bytes))
    }
}

extension String {
    private static let longestEscape = 6

    /// The text up to what takes so many bytes within JSON, never cut inside a character.
    fileprivate func fitting(json bytes: Int) -> String {
        guard utf8.count > bytes / Self.longestEscape else { return self }
        var taken = 0
        for index in indices {
            taken += self[index].utf8.reduce(0) { $0 + Self.escaped($1) }
            if taken > bytes {
                return self[..<index] + "\n[cut here: the whole has \(utf8.count) bytes, more than a message may have]"
            }
        }
        return self
    }

    private static func escaped(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): 2
        case 0..<0x20, 0x7F: longestEscape
        default: 1
        }
    }
}
