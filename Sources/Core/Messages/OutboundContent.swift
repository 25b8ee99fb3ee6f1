/// The content of a row of `messages_out`, by its kind; stored as JSON.
package enum OutboundContent: Sendable, Equatable {
    /// Text and files for a chat.
    case chat(OutboundChat)
    /// New text for a message that was sent before.
    case edit(OutboundEdit)
    /// An emoji on a message.
    case reaction(OutboundReaction)
    /// Something the agent wants the host to do; decided in the host.
    case system(OutboundAction)

    /// The row's `kind` column.
    package var kind: OutboundKind {
        switch self {
        case .chat: .chat
        case .edit: .edit
        case .reaction: .reaction
        case .system: .system
        }
    }
}

/// The `kind` column of `messages_out`.
package enum OutboundKind: String, Codable, Sendable, CaseIterable {
    case chat, edit, reaction, system
}

/// Text and files for a chat.
package struct OutboundChat: Codable, Sendable, Equatable {
    /// Markdown; empty when only files go out.
    package var text: String
    /// Names in `outbox/<row id>/`, in order.
    package var files: [String]
    /// The same as a card, for a channel that shows cards; `text` is for every other.
    package var card: OutboundCard?

    package init(text: String, files: [String] = [], card: OutboundCard? = nil) {
        self.text = text
        self.files = files
        self.card = card
    }
}

/// Something to show: a title, Markdown, and links as buttons.
///
/// It has no answers: what can be answered is made by the host alone.
package struct OutboundCard: Codable, Sendable, Equatable {
    /// One line, up to ``longestLine`` bytes.
    package var title: String
    /// Markdown, up to ``longestBody`` bytes; may be empty.
    package var body: String
    /// Up to ``mostLinks``.
    package var links: [Link]

    package static let longestLine = 400
    package static let longestBody = 16 * 1024
    package static let mostLinks = 10
    package static let longestURL = 2048

    package init(title: String, body: String, links: [Link]) {
        self.title = title
        self.body = body
        self.links = links
    }

    /// A button that opens a page.
    package struct Link: Codable, Sendable, Equatable {
        package var label: String
        /// `https://…` or `http://…`.
        package var url: String

        package init(label: String, url: String) {
            self.label = label
            self.url = url
        }
    }

    /// What is wrong with it, in words; nil for one that may be shown.
    package var fault: String? {
        guard Self.isLine(title) else { return "a card's title is one line of 1 to \(Self.longestLine) bytes" }
        guard body.utf8.count <= Self.longestBody else { return "a card's text has at most \(Self.longestBody) bytes" }
        guard links.count <= Self.mostLinks else { return "a card has at most \(Self.mostLinks) links" }
        for link in links {
            guard Self.isLine(link.label) else { return "a link's label is one line of 1 to \(Self.longestLine) bytes" }
            guard Self.isURL(link.url) else {
                return "\"\(link.url.prefix(80))\" is no link: http:// or https://, at most \(Self.longestURL) bytes"
            }
        }
        return nil
    }

    /// The card where there are none.
    package var plain: String {
        let lines = links.map { "- \($0.label): \($0.url)" }.joined(separator: "\n")
        return ["**\(title)**", body, lines].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= longestLine
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
    }

    private static func isURL(_ text: String) -> Bool {
        guard text.hasPrefix("https://") || text.hasPrefix("http://"), text.utf8.count <= longestURL else {
            return false
        }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }
    }
}

/// Which message an edit or a reaction is about, by its session number.
package struct OutboundEdit: Codable, Sendable, Equatable {
    /// The seq of one of the agent's own messages.
    package var seq: Int64
    package var text: String

    package init(seq: Int64, text: String) {
        self.seq = seq
        self.text = text
    }
}

/// An emoji for a message of either side.
package struct OutboundReaction: Codable, Sendable, Equatable {
    package var seq: Int64
    package var emoji: String

    package init(seq: Int64, emoji: String) {
        self.seq = seq
        self.emoji = emoji
    }
}

/// A request to the host.
package struct OutboundAction: Codable, Sendable, Equatable {
    package var action: String
    /// The arguments as JSON text, shaped as the action says.
    package var arguments: String

    package init(action: String, arguments: String) {
        self.action = action
        self.arguments = arguments
    }
}
