package import Core
import GRDB

/// `users`: a person as one channel knows them.
package struct User: CentralRecord {
    package static let databaseTableName = "users"

    package var id: UserID
    package var channelType: String
    package var displayName: String?
    /// What the channel calls them beside the stable id, without `@`; may pass to somebody else.
    package var handle: String?
    package var createdAt: Timestamp

    package init(id: UserID, displayName: String? = nil, handle: String? = nil, createdAt: Timestamp) {
        self.id = id
        channelType = id.channel
        self.displayName = displayName
        self.handle = handle
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case channelType = "channel_type"
        case displayName = "display_name"
        case handle
        case createdAt = "created_at"
    }
}

/// `user_roles`: who may decide, everywhere or in one agent group.
package struct UserRole: CentralRecord {
    package static let databaseTableName = "user_roles"

    /// `ro_…`; the row's name for people and scripts.
    package var id: String
    package var userID: UserID
    package var role: Role
    /// Nil means every agent group; an owner has no other scope.
    package var agentGroupID: AgentGroupID?
    package var grantedBy: UserID?
    package var grantedAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case userID = "user_id"
        case role
        case agentGroupID = "agent_group_id"
        case grantedBy = "granted_by"
        case grantedAt = "granted_at"
    }
}

/// The `role` column of `user_roles`.
package enum Role: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case owner, admin
}

/// `agent_group_members`: who may speak to an agent group.
package struct Member: CentralRecord {
    package static let databaseTableName = "agent_group_members"

    package var userID: UserID
    package var agentGroupID: AgentGroupID
    /// Only what comes over this channel counts; nil: over any.
    package var channelType: String?
    package var addedBy: UserID?
    package var addedAt: Timestamp

    package init(
        userID: UserID,
        agentGroupID: AgentGroupID,
        channelType: String? = nil,
        addedBy: UserID? = nil,
        addedAt: Timestamp
    ) {
        self.userID = userID
        self.agentGroupID = agentGroupID
        self.channelType = channelType
        self.addedBy = addedBy
        self.addedAt = addedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case userID = "user_id"
        case agentGroupID = "agent_group_id"
        case channelType = "channel_type"
        case addedBy = "added_by"
        case addedAt = "added_at"
    }
}

/// `user_dms`: the chat in which a channel reaches a person.
package struct UserDM: CentralRecord {
    package static let databaseTableName = "user_dms"

    package var userID: UserID
    package var channelType: String
    package var messagingGroupID: MessagingGroupID
    package var resolvedAt: Timestamp

    package init(userID: UserID, channelType: String, messagingGroupID: MessagingGroupID, resolvedAt: Timestamp) {
        self.userID = userID
        self.channelType = channelType
        self.messagingGroupID = messagingGroupID
        self.resolvedAt = resolvedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case userID = "user_id"
        case channelType = "channel_type"
        case messagingGroupID = "messaging_group_id"
        case resolvedAt = "resolved_at"
    }
}
