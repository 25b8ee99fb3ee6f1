package import Core
package import LinuxIO

/// One message on its way to a platform.
package struct OutboundMessage: Sendable {
    /// The row's id: the same on every attempt, so that a platform that knows such keys sends once.
    package var idempotencyKey: String
    package var address: ChatAddress
    package var body: Body
    /// How many parts of a split message are with the platform already; the adapter goes on after them.
    package var partsDone: Int
    /// The name the agent goes by.
    package var agentName: String
    /// The inbound row it answers.
    package var inReplyTo: MessageID?
    /// What it answers, as the platform knows it.
    package var answers: Answers
    /// The platform's id of the message it answers where that is to be shown: as a quote where a platform has quotes.
    package var quotes: String?
    /// The platform's id of the message that showed this one while it was being written: text takes its place, as an edit;
    /// when that message is gone, it is sent anew.
    package var replaces: String?
    /// Set for a message that is still being written: only its beginning is shown, as much as one message holds, with this
    /// behind it.
    package var unfinished: String?
    /// The turn that wrote it.
    package var turn: TurnID

    package init(
        idempotencyKey: String,
        address: ChatAddress,
        body: Body,
        partsDone: Int = 0,
        agentName: String,
        inReplyTo: MessageID? = nil,
        answers: Answers = .nothing,
        quotes: String? = nil,
        replaces: String? = nil,
        unfinished: String? = nil,
        turn: TurnID
    ) {
        self.idempotencyKey = idempotencyKey
        self.address = address
        self.body = body
        self.partsDone = partsDone
        self.agentName = agentName
        self.inReplyTo = inReplyTo
        self.answers = answers
        self.quotes = quotes
        self.replaces = replaces
        self.unfinished = unfinished
        self.turn = turn
    }

    /// What a message may answer.
    package enum Answers: Sendable, Equatable {
        /// Nothing that somebody has sent: it is the host's own, or about something that the host has told the agent.
        case nothing
        /// What the platform knows by this id.
        case message(String)
        /// What has no such id: a task, or a message that is gone.
        case other

        /// The platform's id of the message; nil for all else.
        package var platformMessageID: String? {
            if case .message(let id) = self { id } else { nil }
        }
    }

    /// What to do on the platform.
    package enum Body: Sendable {
        /// Markdown text, empty when only files go out, and files in order.
        case text(String, files: [OutboundFile])
        /// A question with answers to choose from; ``OutboundMessage/fitted(to:)`` makes text of it for a channel without
        /// buttons.
        case card(Card)
        /// New text for a message that was sent before.
        case edit(platformMessageID: String, text: String)
        /// An emoji on a message.
        case reaction(platformMessageID: String, emoji: String)
    }
}

/// An open file that goes out with a message.
package struct OutboundFile: Sendable {
    package var name: String
    /// Open for reading, at its beginning.
    package var descriptor: Descriptor
    /// In bytes.
    package var size: Int

    package init(name: String, descriptor: Descriptor, size: Int) {
        self.name = name
        self.descriptor = descriptor
        self.size = size
    }

    /// How long its bytes may be on their way to a platform: at 64 KiB a second.
    package var transferTime: Duration { .seconds(size >> 16) }
}

/// The platform has the message.
package struct SentMessage: Sendable, Equatable {
    /// The platform's id of its first part; nil where it gives none.
    package var platformMessageID: String?
    /// That of its last part, beneath which a card has its buttons.
    package var lastMessageID: String?
    /// How many parts it was split into, at least 1.
    package var parts: Int

    /// Without an id of the last part it is that of the first.
    package init(platformMessageID: String?, lastMessageID: String? = nil, parts: Int = 1) {
        self.platformMessageID = platformMessageID
        self.lastMessageID = lastMessageID ?? platformMessageID
        self.parts = parts
    }
}
