import CentralStore
import Channels
import ControlProtocol
import Core
import GRDB

/// `messaging-groups …`: chats.
struct MessagingGroupHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "messaging-groups list": { try await Self.query.run(&$0, context.store) },
            "messaging-groups get": { try await self.get(&$0) },
            "messaging-groups create": { try await self.create(&$0) },
            "messaging-groups update": { try await self.update(&$0) },
            "messaging-groups delete": { try await self.delete(&$0) },
        ]
    }

    private static let query = RowQuery(
        select: """
            SELECT id, channel_type, platform_id, name, is_group, unknown_sender_policy, allows_bots, denied_at,
                created_at
            FROM messaging_groups
            """,
        filters: [
            "id": "id", "channel_type": "channel_type", "platform_id": "platform_id", "name": "name",
            "is_group": "is_group", "unknown_sender_policy": "unknown_sender_policy", "allows_bots": "allows_bots",
        ],
        order: "channel_type, platform_id"
    )

    private func record(_ id: MessagingGroupID) async throws -> JSONValue {
        let rows = try await context.store.read { db in
            try RowQuery.fetch(db, "SELECT * FROM messaging_groups WHERE id = ?", [id])
        }
        guard let row = rows.first else { throw ControlError(.notFound, "no messaging group \(id)") }
        return row
    }

    private func get(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try await named(&call)
        try call.arguments.finish()
        return try await record(chat.id)
    }

    private func create(_ call: inout ControlCall) async throws -> JSONValue {
        let channel = try call.arguments.required("channel")
        let platformID = try call.arguments.required("platformID")
        let chat = MessagingGroup(
            channelType: channel,
            platformID: platformID,
            name: try call.arguments.optional("name"),
            isGroup: try call.arguments.flag("isGroup"),
            unknownSenderPolicy: try call.arguments.choice("policy", UnknownSenderPolicy.self) ?? .strict,
            allowsBots: try call.arguments.flag("bots"),
            createdAt: context.time.now
        )
        try call.arguments.finish()
        try Self.check(platformID, of: channel)
        let audit = call.settingAudit(at: chat.createdAt)
        _ = try await context.store.write { db in
            _ = try chat.create(db)
            try audit.note(
                "chat \(chat.id)",
                ["policy": chat.unknownSenderPolicy.rawValue, "bots": "\(chat.allowsBots)"],
                db
            )
        }
        return try await record(chat.id)
    }

    /// Refuses an id that no chat of this channel can have.
    private static func check(_ platformID: String, of channel: String) throws(ControlError) {
        guard PeopleHandlers.isPlainID(platformID) else {
            throw ControlError(
                .invalidArguments,
                "--platform-id \"\(platformID.prefix(80))\" holds spaces or control characters: no platform's id does"
            )
        }
        if channel == CLIChannel.name, CLIChannel.chat(named: platformID) != platformID {
            throw ControlError(
                .invalidArguments,
                "--platform-id \"\(platformID.prefix(80))\" is no chat of this machine: write cli:local:<name>, the name of letters, digits, _ and -"
            )
        }
    }

    private func update(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try await named(&call)
        let name = try call.arguments.optional("name")
        let isGroup = try call.arguments.optionalFlag("isGroup")
        let policy = try call.arguments.choice("policy", UnknownSenderPolicy.self)
        let isDenied = try call.arguments.optionalFlag("denied")
        let allowsBots = try call.arguments.optionalFlag("bots")
        try call.arguments.finish()
        guard name != nil || isGroup != nil || policy != nil || isDenied != nil || allowsBots != nil
        else {
            throw ControlError(.invalidArguments, "messaging-groups update changes nothing: give a flag")
        }
        let now = context.time.now
        let audit = call.settingAudit(at: now)
        _ = try await context.store.write { db in
            try audit.note(
                "chat \(chat.id)",
                [
                    "policy": policy?.rawValue, "bots": allowsBots.map { "\($0)" }, "denied": isDenied.map { "\($0)" },
                ],
                db
            )
            _ = try MessagingGroup.update(chat.id, db) { row in
                if let name { row.name = name.isEmpty ? nil : name }
                if let isGroup { row.isGroup = isGroup }
                if let policy { row.unknownSenderPolicy = policy }
                if let allowsBots { row.allowsBots = allowsBots }
                if let isDenied { row.deniedAt = isDenied ? row.deniedAt ?? now : nil }
            }
        }
        return try await record(chat.id)
    }

    private func delete(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try await named(&call)
        try call.arguments.finish()
        let (closed, groups) = try await context.store.write { db in
            let groups = try AgentGroupID.fetchAll(
                db,
                sql: "SELECT agent_group_id FROM agent_destinations WHERE messaging_group_id = ?",
                arguments: [chat.id]
            )
            return (try MessagingGroup.remove(chat.id, db), groups)
        }
        for session in closed { try await context.host.close(session: session) }
        for group in groups { await context.host.groupChanged(group) }
        return ["deleted": .string(chat.id.rawValue)]
    }

    private func named(_ call: inout ControlCall) async throws -> MessagingGroup {
        let text = try call.arguments.required("chat")
        return try await context.store.read { db in try Lookup.messagingGroup(text, db) }
    }
}
