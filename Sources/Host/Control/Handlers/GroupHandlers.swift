import CentralStore
import ControlProtocol
import Core
import GRDB
import Glibc
import LinuxIO

/// `groups …` and `groups config …`.
struct GroupHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "groups list": { try await self.list(&$0) },
            "groups get": { try await self.get(&$0) },
            "groups create": { try await self.create(&$0) },
            "groups update": { try await self.update(&$0) },
            "groups delete": { try await self.delete(&$0) },
            "groups restart": { try await self.restart(&$0) },
            "groups config get": { try await self.configuration(&$0) },
            "groups config update": { try await self.configure(&$0) },
        ]
    }

    private static let query = RowQuery(
        select: """
            SELECT id, folder, name, coalesce(provider, 'offline') AS provider, created_at,
                (SELECT folder FROM agent_groups AS parents WHERE parents.id = agent_groups.parent_id) AS parent,
                (SELECT count(*) FROM sessions WHERE sessions.agent_group_id = agent_groups.id AND status = 'active')
                    AS sessions
            FROM agent_groups LEFT JOIN agent_group_configs ON agent_group_configs.agent_group_id = id
            """,
        filters: ["id": "id", "folder": "folder", "name": "name", "provider": "coalesce(provider, 'offline')"],
        order: "folder"
    )

    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        let isAll = try call.arguments.flag("all")
        let known = try await Self.query.run(&call, context.store)
        guard isAll, case .array(let rows) = known else { return known }
        // On the store's queue: a directory is read.
        let (names, recorded) = try await context.store.read { [home = context.home] db in
            let groups = try Directory(path: "\(home)/groups")
            let names = try groups.names().filter { name in
                try PathSegment.isGroupFolder(name)
                    && groups.status(name).map { $0.st_mode & 0o170000 == 0o040000 } == true
            }
            return (names, Set(try String.fetchAll(db, sql: "SELECT folder FROM agent_groups")))
        }
        let unrecorded = names.filter { !recorded.contains($0) }.map { name in
            JSONValue.object(["id": .null, "folder": .string(name), "name": .null, "provider": .null])
        }
        return .array(rows + unrecorded)
    }

    private func get(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        try call.arguments.finish()
        return try await record(group.id)
    }

    private func record(_ id: AgentGroupID) async throws -> JSONValue {
        let rows = try await context.store.read { db in
            try RowQuery.fetch(
                db,
                """
                SELECT id, folder, name, coalesce(provider, 'offline') AS provider, config, created_at, updated_at
                FROM agent_groups JOIN agent_group_configs ON agent_group_id = id WHERE id = ?
                """,
                [id]
            )
        }
        guard let row = rows.first else { throw ControlError(.notFound, "no agent group \(id)") }
        return row
    }

    /// `name`, `folder`: one of them at least; a folder that stands there without a record is taken over.
    private func create(_ call: inout ControlCall) async throws -> JSONValue {
        let folder = try call.arguments.optional("folder")
        guard let name = try call.arguments.optional("name") ?? folder else {
            throw ControlError(.invalidArguments, "groups create needs a name, or a folder to take over")
        }
        try call.arguments.finish()
        let id = try await context.host.createGroup(name: name, folder: folder, adoptFolder: folder != nil)
        return try await record(id)
    }

    private func update(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        _ = try await context.store.write { db in try AgentGroup.rename(group.id, to: name, db) }
        await context.host.groupChanged(group.id)
        return try await record(group.id)
    }

    private func delete(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        try call.arguments.finish()
        let (caller, now) = (call.caller, context.time.now)
        var closed: Set<SessionID> = []
        var reaching: [AgentGroupID]?
        while reaching == nil {
            for session in try await sessions(of: group.id) where closed.insert(session).inserted {
                try await context.host.close(session: session)
            }
            try await context.host.withdrawApprovals(about: group.id)
            // A message may have opened another session meanwhile.
            reaching = try await context.store.write { [closed] db in
                guard try Self.sessions(of: group.id, db).allSatisfy(closed.contains) else { return nil }
                let reaching = try Destination.groups(reaching: group.id, db)
                try AgentGroup.remove(group.id, by: caller, now: now, db)
                return reaching
            }
        }
        for other in reaching ?? [] { await context.host.groupChanged(other) }
        // On the store's queue: directories are removed.
        try await context.store.read { [home = context.home] _ in try Self.removeFiles(of: group.id, home: home) }
        return ["deleted": .string(group.id.rawValue), "folder": .string("groups/\(group.folder)")]
    }

    /// Conversations and compositions; the group's own folder stays.
    private static func removeFiles(of group: AgentGroupID, home: String) throws {
        let data = try Directory(path: "\(home)/data")
        var left: [String] = []
        for folder in ["sessions", "composed"] {
            do {
                guard try data.status(folder) != nil else { continue }
                try data.directory(folder).remove(group.rawValue, budget: 10_000_000)
            } catch {
                left.append("data/\(folder)/\(group) (\(error))")
            }
        }
        guard left.isEmpty else {
            throw ControlError(
                .failed,
                "the agent group is deleted, but some of its files could not be removed: \(left.joined(separator: ", "))"
            )
        }
    }

    private func restart(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        let message = try call.arguments.optional("message")
        try call.arguments.finish()
        let count = try await context.host.restart(group: group.id, message: message)
        return ["restarted": .integer(Int64(count))]
    }

    private func configuration(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        try call.arguments.finish()
        return try await configuration(of: group.id)
    }

    private func configuration(of group: AgentGroupID) async throws -> JSONValue {
        let row = try await context.store.read { db in try AgentGroupConfig.of(group, db) }
        var fields = try JSONValue(encoding: row.config).object ?? [:]
        fields["provider"] = .string(row.provider ?? ProviderKind.offline.rawValue)
        return .object(fields)
    }

    /// Keys of what the agent may do and see.
    private static let rights: Set = ["deniedTools", "mounts", "cliScope", "shellPolicy"]

    /// `provider` (`offline` or empty for none) and `set`, an object of keys and their text.
    private func configure(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try await named(&call)
        let provider = try call.arguments.optional("provider")
        let changes = call.arguments.value("set")?.object ?? [:]
        try call.arguments.finish()
        guard provider != nil || !changes.isEmpty else {
            throw ControlError(
                .invalidArguments,
                "groups config update changes nothing: give --provider, or --set with one of \(GroupConfig.keys.joined(separator: ", "))"
            )
        }
        let now = context.time.now
        // On the store's queue: a directory is read.
        let known = try await context.store.read { [home = context.home, mounts = context.mounts] _ in
            KnownNames(folder: group.folder, home: home, mounts: mounts)
        }
        let audit = call.settingAudit(at: now)
        _ = try await context.store.write { db in
            for (key, value) in changes.sorted(by: { $0.key < $1.key }) where Self.rights.contains(key) {
                try audit.note("agent", [key: value.string], group: group.id, db)
            }
            _ = try AgentGroupConfig.update(group.id, now: now, db) { row in
                if let provider {
                    row.provider = provider.isEmpty || provider == ProviderKind.offline.rawValue ? nil : provider
                }
                for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
                    guard let text = value.string else { throw ControlError(.invalidArguments, "\(key) is a text") }
                    try row.config.set(key, to: text)
                }
                try known.check(row.config, changed: changes.keys)
            }
        }
        await context.host.groupChanged(group.id)
        return try await configuration(of: group.id)
    }

    private func named(_ call: inout ControlCall) async throws -> AgentGroup {
        let text = try call.arguments.required("group")
        return try await context.store.read { db in try Lookup.agentGroup(text, db) }
    }

    private func sessions(of group: AgentGroupID) async throws -> [SessionID] {
        try await context.store.read { db in try Self.sessions(of: group, db) }
    }

    private static func sessions(of group: AgentGroupID, _ db: Database) throws -> [SessionID] {
        try SessionID.fetchAll(
            db,
            sql: "SELECT id FROM sessions WHERE agent_group_id = ? AND status <> 'closed'",
            arguments: [group]
        )
    }
}
