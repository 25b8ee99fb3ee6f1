package import Core

/// One message as a platform handed it to its adapter.
package struct InboundEvent: Sendable, Codable, Equatable {
    /// The chat it was written in, and the thread.
    package var address: ChatAddress
    /// The platform's id of the message: what edits and reactions name.
    package var platformMessageID: String
    /// What makes a repeat of the same event recognisable, unique within the channel.
    ///
    /// A repeat with the same content is ignored; the same key with other content is a message of its own.
    package var dedupKey: String
    package var sentAt: Timestamp
    /// The sender's stable id on this platform; nil when it tells none.
    ///
    /// A colon in it never names another channel.
    package var senderNativeID: String?
    /// What people call the sender; shown, never trusted.
    package var senderName: String?
    /// The sender's handle beside the id, such as `@ann`; may pass to somebody else.
    package var senderHandle: String?
    /// A program wrote it, not a person.
    package var isBot: Bool
    package var content: ChatContent
    /// The platform says that the agent is addressed: a mention, or a direct message.
    package var isMention: Bool
    /// False for a direct message.
    package var isGroup: Bool
    /// The message answers one of the agent's own.
    package var repliesToAgent: Bool
    package var attachments: [InboundFile]
    /// Where replies go instead of `address`: only what the local operator routed has one.
    package var replyAddress: ChatAddress?
    /// What else the platform told, at most ``longestMetadata`` bytes as JSON: what is over it is cut or left away.
    ///
    /// docs/channels.md lists each channel's keys.
    package var metadata: [String: JSONValue]? {
        didSet { metadata = metadata.map(EventMetadata.fitted) }
    }
    /// What a program posted, where this is no message: the agent is given it in place of ``content``, whose text is only
    /// matched against patterns.
    ///
    /// The sender of such an event is nobody: ``senderNativeID`` is nil and ``isBot`` true.
    package var webhook: WebhookContent?
    private var needsCode: Bool?

    /// A bare number answers no card, only one with the card's code: for platforms where a message is easily sent again or
    /// quoted whole.
    package var requiresCode: Bool {
        get { needsCode ?? false }
        set { needsCode = newValue ? true : nil }
    }

    /// The longest ``metadata``.
    package static let longestMetadata = 8 * 1024

    /// An event; everything but chat, ids, time and content has a default.
    package init(
        address: ChatAddress,
        platformMessageID: String,
        dedupKey: String? = nil,
        sentAt: Timestamp,
        senderNativeID: String? = nil,
        senderName: String? = nil,
        senderHandle: String? = nil,
        isBot: Bool = false,
        content: ChatContent,
        isMention: Bool = false,
        isGroup: Bool = false,
        repliesToAgent: Bool = false,
        attachments: [InboundFile] = [],
        replyAddress: ChatAddress? = nil,
        metadata: [String: JSONValue]? = nil,
        webhook: WebhookContent? = nil,
        requiresCode: Bool = false
    ) {
        self.address = address
        self.platformMessageID = platformMessageID
        self.dedupKey = dedupKey ?? platformMessageID
        self.sentAt = sentAt
        self.senderNativeID = senderNativeID
        self.senderName = senderName
        self.senderHandle = senderHandle
        self.isBot = isBot
        self.content = content
        self.isMention = isMention
        self.isGroup = isGroup
        self.repliesToAgent = repliesToAgent
        self.attachments = attachments
        self.replyAddress = replyAddress
        self.metadata = metadata.map(EventMetadata.fitted)
        self.webhook = webhook
        needsCode = requiresCode ? true : nil
    }
}

/// A file that came with a message.
package struct InboundFile: Sendable, Codable, Equatable {
    /// `image`, `voice`, `audio`, `video`, `document`, `sticker`, `animation` or `file`.
    package var type: String
    /// The name as the sender wrote it; the store makes it safe.
    package var name: String
    package var mediaType: String?
    package var source: Source

    package init(type: String = "file", name: String, mediaType: String? = nil, source: Source) {
        self.type = type
        self.name = name
        self.mediaType = mediaType
        self.source = source
    }

    /// Where the bytes are.
    package enum Source: Sendable, Codable, Equatable {
        case bytes([UInt8])
        /// A path on the host, in a place that no sandbox can write.
        case file(String)
    }
}

/// Where an adapter hands its messages to.
package protocol ChannelInbox: Sendable {
    /// Returns once the message is durable or has been dropped for good: then the platform may be told that it arrived.
    /// Throws when it could not be stored; the adapter hands it over again later.
    func accept(_ event: InboundEvent) async throws

    /// Takes what happened to a message or a chat; durable or dropped for good when it returns, like ``accept(_:)``.
    func note(_ change: ChatChange) async throws

    /// Takes the press of a card's button; returns once what it decided is durable.
    /// Throws when it could not be stored; the adapter hands it over again later.
    func answer(_ answer: CardAnswer) async throws -> CardReceipt

    /// Whether this person may bring the agent into a chat of several people; throws when that cannot be read now.
    func welcomes(_ user: UserID) async throws -> Bool
}

extension ChannelInbox {
    /// Nobody, where nobody can say.
    package func welcomes(_ user: UserID) async throws -> Bool { false }
}
