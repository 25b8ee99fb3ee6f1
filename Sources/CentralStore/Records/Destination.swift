package import Core
import GRDB

/// `agent_destinations`: a named place that an agent group may send to.
package struct Destination: CentralRecord {
    package static let databaseTableName = "agent_destinations"

    package var agentGroupID: AgentGroupID
    /// Unique in the group; of the form that `PathSegment.localName` makes.
    package var localName: String
    package var targetType: DestinationKind
    package var messagingGroupID: MessagingGroupID?
    package var targetAgentGroupID: AgentGroupID?
    package var createdAt: Timestamp

    package init(agentGroupID: AgentGroupID, localName: String, target: DestinationTarget, createdAt: Timestamp) {
        self.agentGroupID = agentGroupID
        self.localName = localName
        switch target {
        case .channel(let chat):
            targetType = .channel
            messagingGroupID = chat
        case .agent(let group):
            targetType = .agent
            targetAgentGroupID = group
        }
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case agentGroupID = "agent_group_id"
        case localName = "local_name"
        case targetType = "target_type"
        case messagingGroupID = "messaging_group_id"
        case targetAgentGroupID = "target_agent_group_id"
        case createdAt = "created_at"
    }
}

/// The `target_type` column of `agent_destinations`.
package enum DestinationKind: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case channel, agent
}

/// What a destination leads to.
package enum DestinationTarget: Sendable, Hashable {
    case channel(MessagingGroupID)
    case agent(AgentGroupID)
}
