package import Core
import GRDB

/// `dropped_messages`: how many messages of a sender in a chat were not taken, by reason.
package struct DroppedMessage: CentralRecord {
    package static let databaseTableName = "dropped_messages"

    package var channelType: String
    package var platformID: String
    /// The person as text; empty when the platform named none.
    package var senderID: String
    package var reason: DropReason
    package var senderName: String?
    package var messagingGroupID: MessagingGroupID?
    package var agentGroupID: AgentGroupID?
    package var messageCount: Int
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case channelType = "channel_type"
        case platformID = "platform_id"
        case senderID = "sender_id"
        case reason
        case senderName = "sender_name"
        case messagingGroupID = "messaging_group_id"
        case agentGroupID = "agent_group_id"
        case messageCount = "message_count"
        case firstSeen = "first_seen"
        case lastSeen = "last_seen"
    }
}

extension DroppedMessage {
    /// Somebody has let this person in: they do not wait for that agent any more.
    static func forgetWaiting(_ sender: UserID, for group: AgentGroupID, _ db: Database) throws {
        try filter(
            CodingKeys.senderID == sender.description && CodingKeys.agentGroupID == group
                && CodingKeys.reason == DropReason.unknownSenderRequestApproval
        ).deleteAll(db)
    }
}

/// Why a message went nowhere.
package enum DropReason: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case noAgentWired = "no_agent_wired"
    case noAgentEngaged = "no_agent_engaged"
    case unknownSenderStrict = "unknown_sender_strict"
    case unknownSenderRequestApproval = "unknown_sender_request_approval"
    case senderScope = "sender_scope"
    case commandDenied = "command_denied"
    case commandFiltered = "command_filtered"
    case rejected
    /// Another bot's, in a chat that does not allow them.
    case botSender = "bot_sender"
    /// A pairing code of somebody who has guessed too often; it was not compared.
    case pairingLimit = "pairing_limit"
}
