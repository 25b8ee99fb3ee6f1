package import CentralStore
package import Core
package import GRDB

/// `pending_channel_approvals`: a chat that no agent hears, and the message that asked for one.
package struct PendingChat: CentralRecord {
    package static let databaseTableName = "pending_channel_approvals"
    /// Chats that may be asked about at once: strangers open as many as they like.
    package static let most = 10

    package var messagingGroupID: MessagingGroupID
    /// The agent that the card names first.
    package var agentGroupID: AgentGroupID
    /// JSON of the message.
    package var event: String
    package var approvalID: String?
    /// Decided; the message is still to be handed over again.
    package var isApproved: Bool
    package var expiresAt: Timestamp
    package var createdAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case messagingGroupID = "messaging_group_id"
        case agentGroupID = "agent_group_id"
        case event
        case approvalID = "approval_id"
        case isApproved = "is_approved"
        case expiresAt = "expires_at"
        case createdAt = "created_at"
    }

    /// Keeps a chat's message until somebody decides; nil when one waits already, an owner refused the chat, or too many
    /// wait.
    ///
    /// Makes the chat's row, with policy `request_approval`.
    package static func open(
        _ address: ChatAddress,
        isGroup: Bool,
        for group: AgentGroupID,
        event: String,
        lifetime: Duration,
        now: Timestamp,
        _ db: Database
    ) throws -> PendingChat? {
        try filter(CodingKeys.isApproved == false && CodingKeys.expiresAt <= now).deleteAll(db)
        // Not by `create`, which judges what people type: what a platform calls its chat is taken as it is.
        let chat =
            try MessagingGroup.at(address, db)
            ?? MessagingGroup(
                channelType: address.channel,
                platformID: address.platformID,
                isGroup: isGroup,
                unknownSenderPolicy: .requestApproval,
                createdAt: now
            ).inserted(db)
        guard chat.deniedAt == nil, try !exists(db, key: chat.id), try fetchCount(db) < most else { return nil }
        let row = PendingChat(
            messagingGroupID: chat.id,
            agentGroupID: group,
            event: event,
            isApproved: false,
            expiresAt: now + lifetime,
            createdAt: now
        )
        try row.insert(db)
        return row
    }

    /// Leads the chat to an agent: a group by mention, a direct chat always; known people only; and lets the sender in.
    ///
    /// The message is to be handed over again then. Answers the chat and the row; nil when nothing waits for it any more.
    package static func connect(
        _ chat: MessagingGroupID,
        to group: AgentGroupID,
        sender: UserID?,
        by approver: UserID?,
        now: Timestamp,
        _ db: Database
    ) throws -> (place: MessagingGroup, row: PendingChat)? {
        guard var row = try fetchOne(db, key: chat), !row.isApproved, row.expiresAt > now,
            let place = try MessagingGroup.fetchOne(db, key: chat)
        else {
            return nil
        }
        guard try AgentGroup.exists(db, key: group) else { throw StoreError(.notFound, "no agent group \(group)") }
        let known = Wiring.filter(
            Wiring.CodingKeys.agentGroupID == group && Wiring.CodingKeys.messagingGroupID == chat
        )
        if try known.fetchCount(db) == 0 {
            _ = try Wiring(
                agentGroupID: group,
                target: .chat(chat),
                engageModes: place.isGroup ? [.mentionSticky] : [.pattern],
                engagePattern: place.isGroup ? nil : ".",
                senderScope: .known,
                ignoredMessagePolicy: .accumulate,
                createdAt: now
            ).create(db)
        }
        if let sender { try Member(userID: sender, agentGroupID: group, addedBy: approver, addedAt: now).add(db) }
        row.isApproved = true
        try row.update(db)
        try db.execute(sql: "DELETE FROM pending_names WHERE messaging_group_id = ?", arguments: [chat])
        return (place, row)
    }
}
