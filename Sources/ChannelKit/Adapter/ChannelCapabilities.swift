package import ChatMarkdown

/// What a platform can do, as data: what it cannot is made up for in one place, never in an adapter.
package struct ChannelCapabilities: Sendable, Codable, Equatable {
    /// Chats have threads that are conversations of their own.
    package var threads: Bool
    package var edits: Bool
    package var reactions: Bool
    /// Sending the same idempotency key twice shows one message.
    package var idempotencyKeys: Bool
    /// How long after a message its key is sure to be known; nil for ever.
    package var keyLifetime: Duration?
    package var files: Bool
    /// A chat that is no group is read by one person alone, beside the bot.
    package var privateChats: Bool
    /// People can be shown that the agent is at work.
    package var typing: Bool
    /// Cards are shown with buttons, whose presses come as ``ChannelInbox/answer(_:)``.
    package var buttons: Bool
    /// Without buttons a card's answer counts only with the card's code: every event has ``InboundEvent/requiresCode``.
    package var codedCards: Bool
    /// How a message is shown while it is being written.
    package var drafts: DraftStyle
    /// The platform shows an account its own messages: what is sent can be seen to come back.
    package var echoes: Bool
    /// How text is written and how long one message may be; nil where any Markdown is taken whole.
    package var text: TextRules?
    /// The largest file that can be sent, in bytes; nil without a limit.
    package var largestFile: Int?

    package init(
        threads: Bool = false,
        edits: Bool = false,
        reactions: Bool = false,
        idempotencyKeys: Bool = false,
        keyLifetime: Duration? = nil,
        files: Bool = false,
        privateChats: Bool = true,
        typing: Bool = true,
        buttons: Bool = false,
        codedCards: Bool = false,
        drafts: DraftStyle = .none,
        echoes: Bool = false,
        text: TextRules? = nil,
        largestFile: Int? = nil
    ) {
        self.threads = threads
        self.edits = edits
        self.reactions = reactions
        self.idempotencyKeys = idempotencyKeys
        self.keyLifetime = keyLifetime
        self.files = files
        self.privateChats = privateChats
        self.typing = typing
        self.buttons = buttons
        self.codedCards = codedCards
        self.drafts = drafts
        self.echoes = echoes
        self.text = text
        self.largestFile = largestFile
    }

    /// How long after a message the same again is not shown: zero without keys, nil for ever.
    package var repeatsHidden: Duration? { idempotencyKeys ? keyLifetime : .zero }

    /// Whether the same again, so long after the first time, is not shown.
    package func hidesRepeat(after age: Duration) -> Bool { repeatsHidden.map { age < $0 } ?? true }
}

/// How a platform takes text.
package struct TextRules: Sendable, Codable, Equatable {
    /// The longest text of one message, in ``unit``.
    package var limit: Int
    package var unit: TextUnit
    package var dialect: ChatDialect

    package init(limit: Int, unit: TextUnit, dialect: ChatDialect) {
        self.limit = limit
        self.unit = unit
        self.dialect = dialect
    }

    /// The length of a text, in ``unit``.
    package func length(_ text: String) -> Int { unit.count(text) }
}
