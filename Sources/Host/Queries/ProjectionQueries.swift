import CentralStore
import Core
import GRDB
import SessionStore

extension CentralStore {
    /// What the runner of this session is told, from one state of the database.
    func projection(
        of handle: SessionHandle,
        defaults: AgentConfiguration.Limits,
        timeZone: String
    ) async throws -> SessionProjection {
        let queueMode = handle.queueMode
        return try await read { db in
            guard let group = try AgentGroup.fetchOne(db, key: handle.agentGroup) else {
                throw HostError(.notFound, "agent group \(handle.agentGroup) is gone")
            }
            let record = try AgentGroupConfig.fetchOne(db, key: group.id)
            let config = record?.config ?? GroupConfig()
            let provider = try record?.profile(db)
            let destinations = try Destination.filter(Destination.CodingKeys.agentGroupID == group.id)
                .order(Destination.CodingKeys.localName).fetchAll(db)
                .compactMap { try Self.destination($0, db) }
            let configuration = config.agentConfiguration(
                group: group,
                provider: provider,
                defaults: defaults,
                timeZone: timeZone,
                queueMode: try queueMode ?? Self.queueMode(of: handle, db)
            )
            return SessionProjection(
                configuration: configuration,
                destinations: destinations,
                group: group,
                config: config
            )
        }
    }

    private static func destination(_ destination: Destination, _ db: Database) throws -> SessionDestination? {
        switch destination.targetType {
        case .channel:
            guard let chat = try destination.messagingGroupID.flatMap({ try MessagingGroup.fetchOne(db, key: $0) })
            else {
                return nil
            }
            return SessionDestination(name: destination.localName, displayName: chat.name, target: .chat(chat.address))
        case .agent:
            guard let group = try destination.targetAgentGroupID.flatMap({ try AgentGroup.fetchOne(db, key: $0) })
            else {
                return nil
            }
            return SessionDestination(name: destination.localName, displayName: group.name, target: .agent(group.id))
        }
    }

    /// The queue mode of the group's most specific wiring to the session's chat, for a session that nothing came to yet.
    private static func queueMode(of handle: SessionHandle, _ db: Database) throws -> QueueMode {
        let chat = try handle.origin.flatMap { try MessagingGroup.find($0, db) }
        let wirings = try Wiring.filter(Wiring.CodingKeys.agentGroupID == handle.agentGroup)
            .order(Wiring.CodingKeys.priority.desc, Wiring.CodingKeys.createdAt).fetchAll(db)
        func accounts(_ isNamed: Bool) -> Wiring? {
            handle.origin.flatMap { origin in
                wirings.first { ($0.account != nil) == isNamed && $0.takesAccount(of: origin) }
            }
        }
        let own = wirings.first { $0.messagingGroupID != nil && $0.messagingGroupID == chat?.id }
        return (own ?? accounts(true) ?? accounts(false) ?? wirings.first)?.queueMode ?? .steer
    }
}
