import CentralStore
import ControlProtocol
import Core
import GRDB

/// `destinations …`: where an agent may send.
struct DestinationHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "destinations list": { try await self.list(&$0) },
            "destinations add": { try await self.add(&$0) },
            "destinations remove": { try await self.remove(&$0) },
        ]
    }

    private static let query = RowQuery(
        select: """
            SELECT agent_groups.folder AS agent_group, local_name AS name, target_type,
                CASE target_type WHEN 'channel' THEN channel_type || ' ' || platform_id ELSE target.folder END AS target,
                agent_destinations.created_at
            FROM agent_destinations JOIN agent_groups ON agent_groups.id = agent_destinations.agent_group_id
                LEFT JOIN messaging_groups ON messaging_groups.id = messaging_group_id
                LEFT JOIN agent_groups AS target ON target.id = target_agent_group_id
            """,
        filters: ["agent_group": "agent_groups.folder", "name": "local_name", "target_type": "target_type"],
        order: "agent_groups.folder, local_name"
    )

    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        guard let text = try call.arguments.optional("group") else {
            return try await Self.query.run(&call, context.store)
        }
        let group = try await context.store.read { db in try Lookup.agentGroup(text, db) }
        return try await Self.query.run(
            &call,
            context.store,
            also: [("agent_destinations.agent_group_id = ?", group.id)]
        )
    }

    /// `group`, `name`, and `chat` or `agent`.
    private func add(_ call: inout ControlCall) async throws -> JSONValue {
        let groupName = try call.arguments.required("group")
        let name = try call.arguments.required("name")
        let chat = try call.arguments.optional("chat")
        let agent = try call.arguments.optional("agent")
        try call.arguments.finish()
        guard (chat == nil) != (agent == nil) else {
            throw ControlError(.invalidArguments, "destinations add needs a chat or an agent group, not both")
        }
        let now = context.time.now
        let group = try await context.store.write { db in
            let group = try Lookup.agentGroup(groupName, db)
            let target: DestinationTarget =
                if let chat {
                    .channel(try Lookup.messagingGroup(chat, db).id)
                } else {
                    .agent(try Lookup.agentGroup(agent ?? "", db).id)
                }
            try Destination(agentGroupID: group.id, localName: name, target: target, createdAt: now).add(db)
            return group
        }
        await context.host.groupChanged(group.id)
        return ["agent_group": .string(group.folder), "name": .string(name)]
    }

    private func remove(_ call: inout ControlCall) async throws -> JSONValue {
        let groupName = try call.arguments.required("group")
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        let group = try await context.store.write { db in
            let group = try Lookup.agentGroup(groupName, db)
            try Destination.remove(group.id, name, db)
            return group
        }
        await context.host.groupChanged(group.id)
        return ["deleted": .string(name)]
    }
}
