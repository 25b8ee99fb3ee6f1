import CentralStore
import ControlProtocol
import Core
import GRDB

/// `sessions …` and `dropped-messages …`.
struct SessionHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "sessions list": { try await self.list(&$0) },
            "sessions get": { try await self.get(&$0) },
            "sessions history": { try await self.history(&$0) },
            "sessions reset": { try await self.reset(&$0) },
            "sessions close": { try await self.close(&$0) },
            "sessions stop": { try await self.stop(&$0) },
            "dropped-messages list": { try await Self.dropped.run(&$0, context.store) },
        ]
    }

    private static let select = """
        SELECT sessions.id, folder AS agent_group, mode, channel_type || ' ' || platform_id AS chat, thread_id,
            sessions.status, status_reason, coalesce(runners.state, 'stopped') AS runner,
            coalesce(runners.incarnation, 0) AS incarnation,
            CASE runners.state WHEN 'running' THEN runners.pid END AS pid, runners.last_error,
            EXISTS (SELECT 1 FROM dirty WHERE session_id = sessions.id) AS is_dirty, last_active, closed_at,
            reopens AS is_reopened_by_message, sessions.created_at
        FROM sessions JOIN agent_groups ON agent_groups.id = sessions.agent_group_id
            LEFT JOIN messaging_groups ON messaging_groups.id = sessions.messaging_group_id
            LEFT JOIN runners ON runners.session_id = sessions.id
        """

    private static let query = RowQuery(
        select: select,
        filters: [
            "id": "sessions.id", "agent_group": "folder", "mode": "mode", "status": "sessions.status",
            "thread_id": "thread_id", "runner": "coalesce(runners.state, 'stopped')",
        ],
        order: "last_active DESC, sessions.id"
    )

    private static let dropped = RowQuery(
        select: """
            SELECT channel_type, platform_id, sender_id, sender_name, reason, message_count, first_seen, last_seen
            FROM dropped_messages
            """,
        filters: [
            "channel_type": "channel_type", "platform_id": "platform_id", "sender_id": "sender_id", "reason": "reason",
        ],
        order: "last_seen DESC, channel_type, platform_id, sender_id, reason"
    )

    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        guard let text = try call.arguments.optional("group") else {
            return try await Self.query.run(&call, context.store)
        }
        let group = try await context.store.read { db in try Lookup.agentGroup(text, db) }
        return try await Self.query.run(&call, context.store, also: [("sessions.agent_group_id = ?", group.id)])
    }

    private func get(_ call: inout ControlCall) async throws -> JSONValue {
        let session = try await named(&call)
        try call.arguments.finish()
        let rows = try await context.store.read { db in
            try RowQuery.fetch(db, Self.select + " WHERE sessions.id = ?", [session.id])
        }
        guard case .object(var fields)? = rows.first else { throw ControlError(.notFound, "no session \(session.id)") }
        let report = await context.host.runnerReports(session: session.id)
        fields["isolation"] = try report.map { try JSONValue(encoding: $0) } ?? .null
        fields["folder"] = .string("data/sessions/\(session.agentGroupID)/\(session.id)")
        return .object(fields)
    }

    private func history(_ call: inout ControlCall) async throws -> JSONValue {
        let session = try await named(&call)
        let limit = try call.arguments.integer("limit", 1...1_000) ?? 50
        try call.arguments.finish()
        return try JSONValue(encoding: try await context.host.history(session: session.id, limit: Int(limit)))
    }

    private func reset(_ call: inout ControlCall) async throws -> JSONValue {
        let session = try await named(&call)
        try call.arguments.finish()
        try await context.host.reset(session: session.id)
        return ["reset": .string(session.id.rawValue)]
    }

    private func close(_ call: inout ControlCall) async throws -> JSONValue {
        let session = try await named(&call)
        try call.arguments.finish()
        try await context.host.close(session: session.id)
        return ["closed": .string(session.id.rawValue)]
    }

    private func stop(_ call: inout ControlCall) async throws -> JSONValue {
        let session = try await named(&call)
        try call.arguments.finish()
        let wasRunning = try await context.host.stop(session: session.id, by: call.caller)
        return ["session": .string(session.id.rawValue), "stopped": .bool(wasRunning)]
    }

    private func named(_ call: inout ControlCall) async throws -> Session {
        let text = try call.arguments.required("session")
        return try await context.store.read { db in try Lookup.session(text, db) }
    }
}
