package import Core
import GRDB

/// `agent_messages`: a message of one agent to another that the host has accepted, and where it goes.
package struct AgentMessage: CentralRecord {
    package static let databaseTableName = "agent_messages"

    package var sourceSessionID: SessionID
    /// The row in that session's `outbound.db`; unique with the session.
    package var messageID: MessageID
    package var sourceGroupID: AgentGroupID
    package var targetGroupID: AgentGroupID
    package var targetSessionID: SessionID
    /// Messages of agents in a row up to this one, from 1.
    package var hops: Int
    package var acceptedAt: Timestamp

    package init(
        sourceSessionID: SessionID,
        messageID: MessageID,
        sourceGroupID: AgentGroupID,
        targetGroupID: AgentGroupID,
        targetSessionID: SessionID,
        hops: Int,
        acceptedAt: Timestamp
    ) {
        self.sourceSessionID = sourceSessionID
        self.messageID = messageID
        self.sourceGroupID = sourceGroupID
        self.targetGroupID = targetGroupID
        self.targetSessionID = targetSessionID
        self.hops = hops
        self.acceptedAt = acceptedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case sourceSessionID = "source_session_id"
        case messageID = "message_id"
        case sourceGroupID = "source_group_id"
        case targetGroupID = "target_group_id"
        case targetSessionID = "target_session_id"
        case hops
        case acceptedAt = "accepted_at"
    }
}
