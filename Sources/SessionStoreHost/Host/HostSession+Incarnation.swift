package import Core
package import SessionStore

extension HostSession {
    /// Commits the number of the runner that is about to start, with all that it reads of its agent group.
    /// - Throws: `.invalid` when the number is lower than one committed before.
    package func beginIncarnation(
        _ incarnation: Incarnation,
        configuration: AgentConfiguration,
        destinations: [SessionDestination],
        routing: ChatAddress?
    ) async throws {
        let text = try JSONText.encode(configuration)
        try await transaction { database in
            let present = try meta("incarnation", in: database)
            guard incarnation >= present else {
                throw StoreError(.invalid, "incarnation \(incarnation) is below \(present), which is committed already")
            }
            try setMeta("incarnation", incarnation, in: database)
            try write(configuration: text, in: database)
            try write(destinations: destinations, in: database)
            try write(routing: routing, in: database)
        }
    }

    /// Replaces what is not nil, all of it in one transaction; a running runner sees it with its next turn.
    package func update(
        configuration: AgentConfiguration? = nil,
        destinations: [SessionDestination]? = nil,
        routing: ChatAddress?? = nil
    ) async throws {
        let text = try configuration.map { try JSONText.encode($0) }
        try await transaction { database in
            if let text { try write(configuration: text, in: database) }
            if let destinations { try write(destinations: destinations, in: database) }
            if let routing { try write(routing: routing, in: database) }
        }
    }

    /// The incarnation that was committed last; 0 before the first.
    package func incarnation() async throws -> Incarnation {
        try await reading { try meta("incarnation", in: $0) }
    }

    private func write(configuration: String, in database: Connection) throws {
        try database.run("UPDATE meta SET value = ? WHERE key = 'configuration'", configuration)
    }

    private func write(destinations: [SessionDestination], in database: Connection) throws {
        try database.run("DELETE FROM destinations")
        for destination in destinations {
            let chat: ChatAddress?
            let agent: AgentGroupID?
            switch destination.target {
            case .chat(let address): (chat, agent) = (address, nil)
            case .agent(let group): (chat, agent) = (nil, group)
            }
            try database.run(
                """
                INSERT INTO destinations (name, display_name, target_type, channel_type, platform_id, agent_group_id)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                destination.name,
                destination.displayName,
                chat == nil ? "agent" : "channel",
                chat?.channel,
                chat?.platformID,
                agent
            )
        }
    }

    private func write(routing: ChatAddress?, in database: Connection) throws {
        try database.run(
            "UPDATE session_routing SET channel_type = ?, platform_id = ?, thread_id = ?",
            routing?.channel,
            routing?.platformID,
            routing?.thread
        )
    }
}
