package import Core
import GRDB

/// `cli_messages`: the history of a chat of channel `cli`; a reply is delivered once its row is here.
package struct CLIMessage: CentralRecord {
    package static let databaseTableName = "cli_messages"

    /// Rises for ever; given by the database.
    package var position: Int64?
    package var platformID: String
    package var direction: CLIDirection
    /// Unique in its chat: the platform's id of a message that came in, the row id of one that went out.
    package var messageID: String
    /// Who wrote it; nil for what the agent sent.
    package var userID: UserID?
    package var agentName: String?
    package var inReplyTo: MessageID?
    /// JSON of `ChatContent` (in) or `OutboundContent` (out).
    package var content: String
    package var createdAt: Timestamp

    package init(
        platformID: String,
        direction: CLIDirection,
        messageID: String,
        userID: UserID? = nil,
        agentName: String? = nil,
        inReplyTo: MessageID? = nil,
        content: String,
        createdAt: Timestamp
    ) {
        self.platformID = platformID
        self.direction = direction
        self.messageID = messageID
        self.userID = userID
        self.agentName = agentName
        self.inReplyTo = inReplyTo
        self.content = content
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case position
        case platformID = "platform_id"
        case direction
        case messageID = "message_id"
        case userID = "user_id"
        case agentName = "agent_name"
        case inReplyTo = "in_reply_to"
        case content
        case createdAt = "created_at"
    }
}

/// The `direction` column of `cli_messages`.
package enum CLIDirection: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case `in`, out
}

/// `cli_readers`: how far a person has read a chat of channel `cli`.
package struct CLIReader: CentralRecord {
    package static let databaseTableName = "cli_readers"

    package var platformID: String
    package var userID: UserID
    package var position: Int64

    package init(platformID: String, userID: UserID, position: Int64) {
        self.platformID = platformID
        self.userID = userID
        self.position = position
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case platformID = "platform_id"
        case userID = "user_id"
        case position
    }
}
