package import Core
import GRDB

/// `agent_groups`: an agent's identity and its folder under `groups/`.
package struct AgentGroup: CentralRecord {
    package static let databaseTableName = "agent_groups"

    package var id: AgentGroupID
    /// The name shown to people; need not be unique.
    package var name: String
    /// The one directory under `groups/`; unique.
    package var folder: String
    /// The group whose agent made it; nil for one that a person made, and when that group is gone.
    package var parentID: AgentGroupID?
    package var createdAt: Timestamp

    package init(
        id: AgentGroupID = .random(),
        name: String,
        folder: String,
        parentID: AgentGroupID? = nil,
        createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.folder = folder
        self.parentID = parentID
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id, name, folder
        case parentID = "parent_id"
        case createdAt = "created_at"
    }
}

/// `agent_group_configs`: how an agent group works; one row a group, deleted with it.
package struct AgentGroupConfig: CentralRecord {
    package static let databaseTableName = "agent_group_configs"

    package var agentGroupID: AgentGroupID
    /// A row of `providers`; nil means offline: no model.
    package var provider: String?
    package var config: GroupConfig
    package var updatedAt: Timestamp

    package init(
        agentGroupID: AgentGroupID,
        provider: String? = nil,
        config: GroupConfig = GroupConfig(),
        updatedAt: Timestamp
    ) {
        self.agentGroupID = agentGroupID
        self.provider = provider
        self.config = config
        self.updatedAt = updatedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case agentGroupID = "agent_group_id"
        case provider, config
        case updatedAt = "updated_at"
    }
}
