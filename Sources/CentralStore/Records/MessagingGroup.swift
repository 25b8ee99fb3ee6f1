package import Core
import GRDB

/// `messaging_groups`: one chat on one channel.
package struct MessagingGroup: CentralRecord {
    package static let databaseTableName = "messaging_groups"

    package var id: MessagingGroupID
    package var channelType: String
    package var platformID: String
    package var name: String?
    package var isGroup: Bool
    package var unknownSenderPolicy: UnknownSenderPolicy
    /// When an owner refused this chat; nil otherwise.
    package var deniedAt: Timestamp?
    /// Messages of other bots are taken too.
    package var allowsBots: Bool
    package var createdAt: Timestamp

    package init(
        id: MessagingGroupID = .random(),
        channelType: String,
        platformID: String,
        name: String? = nil,
        isGroup: Bool = false,
        unknownSenderPolicy: UnknownSenderPolicy = .strict,
        deniedAt: Timestamp? = nil,
        allowsBots: Bool = false,
        createdAt: Timestamp
    ) {
        self.id = id
        self.channelType = channelType
        self.platformID = platformID
        self.name = name
        self.isGroup = isGroup
        self.unknownSenderPolicy = unknownSenderPolicy
        self.deniedAt = deniedAt
        self.allowsBots = allowsBots
        self.createdAt = createdAt
    }

    /// The chat as an address, without a thread.
    package var address: ChatAddress { ChatAddress(channel: channelType, platformID: platformID) }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case channelType = "channel_type"
        case platformID = "platform_id"
        case name
        case isGroup = "is_group"
        case unknownSenderPolicy = "unknown_sender_policy"
        case deniedAt = "denied_at"
        case allowsBots = "allows_bots"
        case createdAt = "created_at"
    }
}

/// What happens to a message of somebody who has no role and no membership.
package enum UnknownSenderPolicy: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    /// Dropped and counted.
    case strict
    /// Dropped and counted, and an admin of the agent is asked whether to let them in.
    case requestApproval = "request_approval"
    /// Accepted.
    case `public`
}
