import CentralStore
import ControlProtocol
import Core
import GRDB

/// `users …`, `roles …` and `members …`: who may speak and who decides.
struct PeopleHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "users list": { try await Self.users.run(&$0, context.store) },
            "users get": { try await self.getUser(&$0) },
            "users create": { try await self.createUser(&$0) },
            "users update": { try await self.updateUser(&$0) },
            "users delete": { try await self.deleteUser(&$0) },
            "roles list": { try await Self.roles.run(&$0, context.store) },
            "roles grant": { try await self.grant(&$0) },
            "roles revoke": { try await self.revoke(&$0) },
            "members list": { try await self.listMembers(&$0) },
            "members add": { try await self.addMember(&$0) },
            "members remove": { try await self.removeMember(&$0) },
        ]
    }

    private static let users = RowQuery(
        select: "SELECT id, channel_type, display_name, handle, created_at FROM users",
        filters: ["id": "id", "channel_type": "channel_type", "display_name": "display_name", "handle": "handle"],
        order: "id"
    )

    private static let roles = RowQuery(
        select: """
            SELECT user_roles.id, user_id, role, coalesce(folder, '*') AS agent_group, granted_by, granted_at
            FROM user_roles LEFT JOIN agent_groups ON agent_groups.id = agent_group_id
            """,
        filters: ["user_id": "user_id", "role": "role", "agent_group": "coalesce(folder, '*')"],
        order: "role DESC, user_id, agent_group"
    )

    private static let members = RowQuery(
        select: """
            SELECT user_id, folder AS agent_group, agent_group_members.channel_type, added_by, added_at
            FROM agent_group_members JOIN agent_groups ON agent_groups.id = agent_group_id
            """,
        filters: [
            "user_id": "user_id", "agent_group": "folder", "channel_type": "agent_group_members.channel_type",
        ],
        order: "folder, user_id"
    )

    /// Reads `<channel>:<id>`.
    static func user(_ text: String) throws -> UserID {
        guard let user = UserID(text), PathSegment.isIdentifier(user.channel), isPlainID(user.native),
            !PersonLookup.looksLikeHandle(user.native)
        else {
            throw ControlError(
                .invalidArguments,
                "\"\(text.prefix(80))\" is no user: write <channel>:<id> without spaces, such as cli:1000"
            )
        }
        return user
    }

    /// True for an id of a platform that a person may type: no white space and no control characters.
    static func isPlainID(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            return !isControl && !scalar.properties.isWhitespace && scalar.properties.generalCategory != .format
        }
    }

    // MARK: - Users

    private func record(_ id: UserID) async throws -> JSONValue {
        let rows = try await context.store.read { db in
            try RowQuery.fetch(
                db,
                "SELECT id, channel_type, display_name, handle, created_at FROM users WHERE id = ?",
                [id]
            )
        }
        guard let row = rows.first else { throw ControlError(.notFound, "no user \(id)") }
        return row
    }

    private func getUser(_ call: inout ControlCall) async throws -> JSONValue {
        let user = try await named(&call)
        try call.arguments.finish()
        return try await record(user.id)
    }

    private func createUser(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("user")
        let name = try call.arguments.optional("name")
        try call.arguments.finish()
        let id = try await person(text, grants: true)
        let now = context.time.now
        try await context.store.write { db in
            if try User.exists(db, key: id) { throw StoreError(.conflict, "user \(id) exists already") }
            _ = try User.upsert(id, name: name, now: now, db)
        }
        return try await record(id)
    }

    private func updateUser(_ call: inout ControlCall) async throws -> JSONValue {
        let user = try await named(&call)
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        let now = context.time.now
        _ = try await context.store.write { db in try User.upsert(user.id, name: name, now: now, db) }
        return try await record(user.id)
    }

    private func deleteUser(_ call: inout ControlCall) async throws -> JSONValue {
        let user = try await named(&call)
        try call.arguments.finish()
        let (caller, now) = (call.caller, context.time.now)
        try await context.store.write { db in try User.remove(user.id, by: caller, now: now, db) }
        return ["deleted": .string(user.id.description)]
    }

    private func named(_ call: inout ControlCall) async throws -> User {
        let text = try call.arguments.required("user")
        return try await context.store.read { db in try Lookup.user(text, db) }
    }

    // MARK: - Roles

    private func grant(_ call: inout ControlCall) async throws -> JSONValue {
        let (user, role, group) = try await subject(&call, grants: true)
        let now = context.time.now
        let caller = call.caller
        let row = try await context.store.write { db in
            try UserRole.grant(role, to: user, in: group, by: caller, now: now, db)
        }
        return try JSONValue(encoding: row)
    }

    private func revoke(_ call: inout ControlCall) async throws -> JSONValue {
        let (user, role, group) = try await subject(&call)
        let (caller, now) = (call.caller, context.time.now)
        try await context.store.write { db in
            try UserRole.revoke(role, from: user, in: group, by: caller, now: now, db)
        }
        return ["revoked": .string(role.rawValue), "user_id": .string(user.description)]
    }

    /// `user`, `role` and, for one agent group only, `group`.
    private func subject(_ call: inout ControlCall, grants: Bool = false) async throws -> (UserID, Role, AgentGroupID?)
    {
        let text = try call.arguments.required("user")
        let role = try ControlArguments.choice(try call.arguments.required("role"), Role.self, "role")
        let groupName = try call.arguments.optional("group")
        try call.arguments.finish()
        let group = try await context.store.read { db in try groupName.map { try Lookup.agentGroup($0, db).id } }
        return (try await person(text, grants: grants), role, group)
    }

    // MARK: - Members

    private func listMembers(_ call: inout ControlCall) async throws -> JSONValue {
        guard let text = try call.arguments.optional("group") else {
            return try await Self.members.run(&call, context.store)
        }
        let group = try await context.store.read { db in try Lookup.agentGroup(text, db) }
        return try await Self.members.run(&call, context.store, also: [("agent_group_id = ?", group.id)])
    }

    private func addMember(_ call: inout ControlCall) async throws -> JSONValue {
        let channel = try call.arguments.optional("channel")
        let (user, group) = try await membership(&call, grants: true)
        let member = Member(
            userID: user,
            agentGroupID: group,
            channelType: channel,
            addedBy: call.caller,
            addedAt: context.time.now
        )
        let caller = call.caller
        let isNew = try await context.store.write { db in
            _ = try User.upsert(caller, now: member.addedAt, db)
            let channels = Set(try Identity.handles(of: user, db).map(\.channel))
            if let channel, !channels.contains(channel) {
                throw StoreError(
                    .invalid,
                    "channel: \(user) has no handle on \(channel): name one of \(channels.sorted().joined(separator: ", "))"
                )
            }
            return try member.add(db)
        }
        return ["user_id": .string(user.description), "agent_group_id": .string(group.rawValue), "added": .bool(isNew)]
    }

    private func removeMember(_ call: inout ControlCall) async throws -> JSONValue {
        let (user, group) = try await membership(&call)
        let (caller, now) = (call.caller, context.time.now)
        try await context.store.write { db in try Member.remove(user, from: group, by: caller, now: now, db) }
        return ["deleted": .string(user.description)]
    }

    private func membership(_ call: inout ControlCall, grants: Bool = false) async throws -> (UserID, AgentGroupID) {
        let text = try call.arguments.required("user")
        let groupName = try call.arguments.required("group")
        try call.arguments.finish()
        let group = try await context.store.read { db in try Lookup.agentGroup(groupName, db) }
        return (try await person(text, grants: grants), group.id)
    }

    /// Whom a text names; for a grant no name is enough.
    private func person(_ text: String, grants: Bool = false) async throws -> UserID {
        let lookup = PersonLookup(store: context.store, registry: context.registry)
        return grants ? try await lookup.grantee(text) : try await lookup.user(text)
    }
}
