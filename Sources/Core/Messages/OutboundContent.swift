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

    package init(text: String, files: [String] = []) {
        self.text = text
        self.files = files
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
