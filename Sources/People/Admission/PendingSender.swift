import CentralStore
package import Core
package import GRDB

/// `pending_sender_approvals`: somebody unknown who wrote to an agent, and what they wrote.
package struct PendingSender: CentralRecord {
    package static let databaseTableName = "pending_sender_approvals"
    /// People whom one agent's admins may be asked about at once.
    package static let mostOfGroup = 10

    package var id: String
    package var messagingGroupID: MessagingGroupID
    package var agentGroupID: AgentGroupID
    package var senderID: UserID
    package var senderName: String?
    /// JSON of the message.
    package var event: String
    package var approvalID: String?
    /// Decided; the message is still to be handed over again.
    package var isApproved: Bool
    package var expiresAt: Timestamp
    package var createdAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case messagingGroupID = "messaging_group_id"
        case agentGroupID = "agent_group_id"
        case senderID = "sender_id"
        case senderName = "sender_name"
        case event
        case approvalID = "approval_id"
        case isApproved = "is_approved"
        case expiresAt = "expires_at"
        case createdAt = "created_at"
    }

    /// Keeps what somebody wrote until an admin decides; nil when one of theirs waits for this agent in this chat
    /// already, or too many wait.
    package static func open(
        _ sender: UserID,
        name: String?,
        in chat: MessagingGroupID,
        for group: AgentGroupID,
        event: String,
        lifetime: Duration,
        now: Timestamp,
        _ db: Database
    ) throws -> PendingSender? {
        try filter(CodingKeys.isApproved == false && CodingKeys.expiresAt <= now).deleteAll(db)
        let ofGroup = filter(CodingKeys.agentGroupID == group)
        guard try ofGroup.fetchCount(db) < mostOfGroup,
            try ofGroup.filter(CodingKeys.messagingGroupID == chat && CodingKeys.senderID == sender).fetchCount(db) == 0
        else { return nil }
        let row = PendingSender(
            id: "ps_\(MessageID.random().rawValue.dropFirst(2))",
            messagingGroupID: chat,
            agentGroupID: group,
            senderID: sender,
            senderName: name,
            event: event,
            isApproved: false,
            expiresAt: now + lifetime,
            createdAt: now
        )
        try row.insert(db)
        return row
    }

    /// Makes the sender a member; the message is to be handed over again then.
    ///
    /// Nil when nothing waits any more: it was decided before, or its time is over.
    package static func admit(
        _ id: String,
        by approver: UserID?,
        now: Timestamp,
        _ db: Database
    ) throws -> PendingSender? {
        guard var row = try fetchOne(db, key: id), !row.isApproved, row.expiresAt > now else { return nil }
        try Member(userID: row.senderID, agentGroupID: row.agentGroupID, addedBy: approver, addedAt: now).add(db)
        row.isApproved = true
        try row.update(db)
        return row
    }
}
