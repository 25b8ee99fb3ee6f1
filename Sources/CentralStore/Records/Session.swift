package import Core
import GRDB

/// `sessions`: one conversation of one agent.
package struct Session: CentralRecord {
    package static let databaseTableName = "sessions"

    package var id: SessionID
    package var agentGroupID: AgentGroupID
    package var mode: SessionMode
    /// Nil for mode `agent-shared`, and for a session whose chat was deleted.
    package var messagingGroupID: MessagingGroupID?
    /// Mode `per-thread` only.
    package var threadID: String?
    package var status: SessionStatus
    /// Why the session is closed or quarantined.
    package var statusReason: String?
    /// Nil while it is open, and for one that was closed before this was written down.
    package var closedAt: Timestamp?
    /// True for one that was closed for want of messages: the next message opens it again, with all that it has.
    package var reopens: Bool
    /// When the agent was last mentioned here: what `mention-sticky` asks.
    package var engagedAt: Timestamp?
    package var lastActive: Timestamp
    package var createdAt: Timestamp
    /// When retention looks at it next: no later than the first thing of it will be over; nil when nothing will.
    package var retentionDueAt: Timestamp?

    /// A new session, active and never mentioned.
    package init(
        id: SessionID = .random(),
        agentGroupID: AgentGroupID,
        mode: SessionMode,
        messagingGroupID: MessagingGroupID?,
        threadID: String? = nil,
        createdAt: Timestamp
    ) {
        self.id = id
        self.agentGroupID = agentGroupID
        self.mode = mode
        self.messagingGroupID = messagingGroupID
        self.threadID = threadID
        status = .active
        reopens = false
        lastActive = createdAt
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case agentGroupID = "agent_group_id"
        case mode
        case messagingGroupID = "messaging_group_id"
        case threadID = "thread_id"
        case status
        case statusReason = "status_reason"
        case closedAt = "closed_at"
        case reopens
        case engagedAt = "engaged_at"
        case lastActive = "last_active"
        case createdAt = "created_at"
        case retentionDueAt = "retention_due_at"
    }
}

/// The `status` column of `sessions`.
package enum SessionStatus: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case active
    /// Ended by a person, and then the next message opens a new one; or for want of messages, see `reopens`.
    case closed
    /// Its files are damaged or hostile; nothing runs until a person decides.
    case quarantined
}

/// `dirty`: a session whose files may need attention; may say too much, never too little.
package struct DirtySession: CentralRecord {
    package static let databaseTableName = "dirty"

    package var sessionID: SessionID
    /// When it needs attention next; nil means now.
    package var nextDue: Timestamp?
    package var reason: String
    package var markedAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case sessionID = "session_id"
        case nextDue = "next_due"
        case reason
        case markedAt = "marked_at"
    }
}
