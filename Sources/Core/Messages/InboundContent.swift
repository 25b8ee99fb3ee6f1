/// The content of a row of `messages_in`, by its kind; stored as JSON.
package enum InboundContent: Sendable, Equatable {
    case chat(ChatContent)
    case task(TaskContent)
    case webhook(WebhookContent)
    case system(SystemContent)

    /// The row's `kind` column.
    package var kind: InboundKind {
        switch self {
        case .chat: .chat
        case .task: .task
        case .webhook: .webhook
        case .system: .system
        }
    }
}

/// The `kind` column of `messages_in`.
package enum InboundKind: String, Codable, Sendable, CaseIterable {
    case chat, task, webhook, system
}

/// What somebody wrote in a chat.
package struct ChatContent: Codable, Sendable, Equatable {
    package var text: String
    /// The name shown to the agent; set by the adapter from the platform, never taken for identity.
    package var sender: String?
    /// The person, as the router resolved them.
    package var senderID: UserID?
    package var replyTo: Quote?
    package var attachments: [Attachment]
    /// Set when this is no message of its own, but what became of an earlier one.
    package var change: Change?
    /// What else the platform told, by key; the host takes it over from the adapter.
    package var details: [String: JSONValue]?

    /// A message as an adapter hands it over.
    package init(
        text: String,
        sender: String? = nil,
        senderID: UserID? = nil,
        replyTo: Quote? = nil,
        attachments: [Attachment] = [],
        change: Change? = nil
    ) {
        self.text = text
        self.sender = sender
        self.senderID = senderID
        self.replyTo = replyTo
        self.attachments = attachments
        self.change = change
    }

    /// What became of an earlier message of the chat.
    package struct Change: Codable, Sendable, Equatable {
        /// What happened; `text` holds the new text or the emoji.
        package enum Kind: String, Codable, Sendable, CaseIterable {
            case edited, deleted, reaction
            case reactionRemoved = "reaction_removed"
        }

        package var kind: Kind
        package var platformMessageID: String
        /// The number of that message in this conversation; nil when it is not known here.
        package var seq: Int64?

        package init(kind: Kind, platformMessageID: String, seq: Int64? = nil) {
            self.kind = kind
            self.platformMessageID = platformMessageID
            self.seq = seq
        }
    }

    /// The earlier message that this one answers.
    package struct Quote: Codable, Sendable, Equatable {
        /// The platform's id of the quoted message.
        package var platformMessageID: String
        package var sender: String?
        package var text: String?
        /// True when the quoted message is one of the agent's own.
        package var isFromAgent: Bool
        /// The number of that message in this conversation; nil when it is not known here.
        package var seq: Int64?

        package init(platformMessageID: String, sender: String? = nil, text: String? = nil, isFromAgent: Bool = false) {
            self.platformMessageID = platformMessageID
            self.sender = sender
            self.text = text
            self.isFromAgent = isFromAgent
        }
    }

    /// A file that came with the message; the host stores it and sets `path`.
    package struct Attachment: Codable, Sendable, Equatable {
        /// `image`, `voice`, `audio`, `video`, `document`, `sticker`, `animation` or `file`.
        package var type: String
        package var name: String
        package var mediaType: String?
        package var size: Int?
        /// Beneath the session's `inbound/`: `inbox/<message-id>/<name>`; nil when the file was refused.
        package var path: String?
        /// Why the file is not here, in words for the agent.
        package var note: String?

        package init(
            type: String = "file",
            name: String,
            mediaType: String? = nil,
            size: Int? = nil,
            path: String? = nil,
            note: String? = nil
        ) {
            self.type = type
            self.name = name
            self.mediaType = mediaType
            self.size = size
            self.path = path
            self.note = note
        }
    }
}

/// A scheduled task that is due.
package struct TaskContent: Codable, Sendable, Equatable {
    package var prompt: String
    /// A shell script that decides in the tool tier whether the agent is woken.
    package var script: String?
    /// The task that this is a run of; the agent's tools take the id.
    package var task: TaskID?
    /// The occurrence that is run; earlier than the row's time when it was missed.
    package var dueAt: Timestamp?
    /// True for a turn that is given nothing of the conversation, and leaves nothing in it unless it says something.
    package var isFresh: Bool?

    package init(
        prompt: String,
        script: String? = nil,
        task: TaskID? = nil,
        dueAt: Timestamp? = nil,
        isFresh: Bool? = nil
    ) {
        self.prompt = prompt
        self.script = script
        self.task = task
        self.dueAt = dueAt
        self.isFresh = isFresh
    }

    /// The detail of a completed row whose script found nothing to do: no model was asked.
    package static let quiet = "quiet"
}

/// An event from outside that is no chat message.
package struct WebhookContent: Codable, Sendable, Equatable {
    package var source: String
    package var event: String
    /// The payload as the sender wrote it: JSON text.
    package var payload: String

    package init(source: String, event: String, payload: String) {
        self.source = source
        self.event = event
        self.payload = payload
    }
}

/// What the host tells the agent: the result of an action, a failed delivery.
package struct SystemContent: Codable, Sendable, Equatable {
    /// `delivery_failed`, `on_wake`, or the action that this answers.
    package var action: String
    /// `ok`, `error`, or `pending` when what was asked for waits for somebody.
    package var status: String
    /// The id of the `messages_out` row or request that this is about.
    package var about: MessageID?
    /// What happened, in words for the agent.
    package var text: String
    /// The same for a program: what the tool that asked works with; shaped as the action says.
    package var result: JSONValue?

    package init(action: String, status: String, about: MessageID? = nil, text: String, result: JSONValue? = nil) {
        self.action = action
        self.status = status
        self.about = about
        self.text = text
        self.result = result
    }
}
