import ChannelKit
package import Core

/// Somebody on the platform Loop.
package struct LoopPerson: Sendable, Equatable {
    /// Stable: digits.
    package var id: String
    package var name: String
    package var isBot = false
}

/// A message on the platform Loop.
package struct LoopMessage: Sendable {
    package var id: String
    package var chat: String
    package var isGroup: Bool
    package var thread: String?
    package var sender: LoopPerson
    /// As people see it.
    package var text: String
    /// The message that it answers, and whether that is the account's own.
    package var replyTo: (id: String, isAccounts: Bool)?
    package var files: [(name: String, bytes: [UInt8])] = []
    package var buttons: [LoopButton] = []
    /// Links are fetched and shown.
    package var hasPreviews = true
    /// Emoji by who put them there.
    package var reactions: [(emoji: String, by: String)] = []
    package var at: Timestamp
}

/// A button beneath a message: an answer with data, or a link.
package struct LoopButton: Sendable {
    package var label: String
    package var data: String?
    package var url: String?
}

/// What the platform tells an account, in order of its number.
package struct LoopUpdate: Sendable {
    package enum What: Sendable {
        case written(LoopMessage)
        case edited(LoopMessage)
        case deleted(LoopMessage, by: LoopPerson)
        case reacted(LoopMessage, emoji: String, isAdded: Bool, by: LoopPerson)
        case pressed(LoopMessage, data: String, by: LoopPerson)
    }

    package var number: Int
    /// The same in a repeat.
    package var event: String
    package var what: What
    package var at: Timestamp
}

/// What an account sends.
package struct LoopDraft: Sendable {
    package var chat: String
    package var thread: String?
    package var quotes: String?
    /// Markdown, or plain text.
    package var text = ""
    package var isFormatted = false
    package var hasPreviews = true
    package var file: (name: String, bytes: [UInt8])?
    package var buttons: [LoopButton] = []
    /// The same key shows one message.
    package var key: String
}

/// Why the platform did not do what it was asked.
package enum LoopRefusal: Error, Sendable {
    case unauthorized
    case tooMany(seconds: Int)
    /// A failure of the server's own.
    case broken
    /// The connection is gone, or there is another one to be made.
    case dropped
    /// Another program polls.
    case conflict
    case badFormatting
    case impossible(String)
}

extension LoopRefusal {
    /// For whoever looks at the account's health.
    var words: String {
        switch self {
        case .unauthorized: "Loop does not accept the token any more: remove the account and add it again"
        case .conflict: "another program polls with this token: end it"
        case .dropped: "the connection to Loop is lost"
        default: "what Loop has told could not be taken: \(self)"
        }
    }

    /// What it is to whoever sends a message.
    var failure: PartFailure {
        switch self {
        case .badFormatting: .formatting("Loop does not understand the formatting")
        case .tooMany(let seconds):
            .failed(ChannelError(.rateLimited(retryAfter: .seconds(seconds)), "Loop takes no more now"))
        case .unauthorized: .failed(ChannelError(.notConnected, words))
        case .impossible(let why): .failed(ChannelError(.rejected, "Loop refuses it: \(why)"))
        default: .failed(ChannelError(.transient, "Loop did not answer", cause: self))
        }
    }
}
