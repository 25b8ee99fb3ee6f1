package import Core
package import LinuxIO
import SessionStore

/// A message for the agent, on its way into `messages_in`.
package struct NewInbound: Sendable {
    /// What tells a repeat: unique for the event within the session, an own random text where there is none.
    package var sourceID: String
    /// True when the source alone tells a repeat, whatever the content says.
    package var isKnownBySource: Bool
    package var content: InboundContent
    /// False for context that starts no turn.
    package var trigger: Bool
    package var sentAt: Timestamp
    package var receivedAt: Timestamp
    /// Not due before; nil for at once.
    package var processAfter: Timestamp?
    /// Where an answer goes; nil when there is no chat.
    package var address: ChatAddress?
    package var platformMessageID: String?
    package var sourceSession: SessionID?
    /// Runners of lower incarnations do not see the row.
    package var minIncarnation: Incarnation
    /// Files for `inbox/`; only a chat message may have any.
    package var attachments: [NewAttachment]

    package init(
        sourceID: String,
        isKnownBySource: Bool = false,
        content: InboundContent,
        trigger: Bool = true,
        sentAt: Timestamp,
        receivedAt: Timestamp,
        processAfter: Timestamp? = nil,
        address: ChatAddress? = nil,
        platformMessageID: String? = nil,
        sourceSession: SessionID? = nil,
        minIncarnation: Incarnation = 0,
        attachments: [NewAttachment] = []
    ) {
        self.sourceID = sourceID
        self.isKnownBySource = isKnownBySource
        self.content = content
        self.trigger = trigger
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.processAfter = processAfter
        self.address = address
        self.platformMessageID = platformMessageID
        self.sourceSession = sourceSession
        self.minIncarnation = minIncarnation
        self.attachments = attachments
    }
}

/// A file that came with a message.
package struct NewAttachment: Sendable, Equatable {
    /// `image`, `voice`, `audio`, `video`, `document`, `sticker`, `animation` or `file`.
    package var type: String
    /// As the sender named it; an empty or unsafe name is replaced.
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
    package enum Source: Sendable, Equatable {
        case bytes([UInt8])
        /// The path of a regular file that the host may read; it is copied.
        case file(String)
        /// A regular file that is open to be read from where it stands; it is copied.
        case open(Descriptor)

        package static func == (left: Source, right: Source) -> Bool {
            switch (left, right) {
            case (.bytes(let left), .bytes(let right)): left == right
            case (.file(let left), .file(let right)): left == right
            case (.open(let left), .open(let right)): left === right
            default: false
            }
        }
    }
}

/// What attachments may weigh.
package struct AttachmentLimits: Sendable, Equatable {
    /// Bytes of one file.
    package var file: Int
    /// Bytes of all files of one message.
    package var message: Int

    package init(file: Int = SessionLimits.attachment, message: Int = SessionLimits.messageAttachments) {
        self.file = file
        self.message = message
    }
}

/// What became of a row that was to be inserted.
package enum InsertOutcome: Sendable, Equatable {
    case inserted(id: MessageID, seq: Int64)
    /// The same event with the same content is there already, or was within the last 90 days.
    case repeated(id: MessageID)

    /// The row's id, of now or of then.
    package var id: MessageID {
        switch self {
        case .inserted(let id, _), .repeated(let id): id
        }
    }
}
