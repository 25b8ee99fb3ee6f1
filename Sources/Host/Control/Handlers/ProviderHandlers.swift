import CentralStore
import ControlProtocol
import Core
import Egress
import GRDB

/// `providers …`: model servers and their keys.
struct ProviderHandlers: Sendable {
    let context: ControlContext

    private var credentials: Credentials { Credentials(directory: "\(context.home)/data/credentials") }

    func handlers() -> [String: ControlHandler] {
        [
            "providers list": { try await self.list(&$0) },
            "providers get": { try await self.get(&$0) },
            "providers add": { try await self.add(&$0) },
            "providers update": { try await self.update(&$0) },
            "providers remove": { try await self.remove(&$0) },
            "providers test": { try await self.test(&$0) },
        ]
    }

    private static let query = RowQuery(
        select: """
            SELECT name, kind, base_url, model,
                (SELECT group_concat(folder, ', ') FROM agent_groups JOIN agent_group_configs ON agent_group_id = id
                    WHERE provider = providers.name) AS used_by, created_at
            FROM providers
            """,
        filters: ["name": "name", "kind": "kind", "model": "model"],
        order: "name"
    )

    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        let rows = try await Self.query.run(&call, context.store)
        return .array((rows.array ?? []).map(withKey))
    }

    private func get(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        return try await record(name)
    }

    private func record(_ name: String) async throws -> JSONValue {
        let rows = try await context.store.read { db in
            _ = try Provider.named(name, db)
            return try RowQuery.fetch(db, Self.query.select + " WHERE name = ?", [name])
        }
        return withKey(rows.first ?? .null)
    }

    /// `name`, `kind`, `baseURL`, `model`, `keyFile` (a path that the host can read).
    private func add(_ call: inout ControlCall) async throws -> JSONValue {
        let provider = Provider(
            name: try call.arguments.required("name"),
            kind: try kind(try call.arguments.required("kind")),
            baseURL: try call.arguments.required("baseURL"),
            model: try call.arguments.required("model"),
            createdAt: context.time.now
        )
        let key = try key(&call)
        try call.arguments.finish()
        try check(provider)
        let credentials = credentials
        // One transaction around both: a key without a profile would wait for whoever takes the name next.
        try await context.store.write { db in
            try Self.checkVariable(of: provider.name, db)
            _ = try provider.create(db)
            if let key { try credentials.store(provider.name, key) }
        }
        return try await record(provider.name)
    }

    /// `name`, and what changes of `baseURL`, `model` and `keyFile`.
    private func update(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        let baseURL = try call.arguments.optional("baseURL")
        let model = try call.arguments.optional("model")
        let key = try key(&call)
        try call.arguments.finish()
        let credentials = credentials
        try await context.store.write { db in
            let provider = try Provider.update(name, db) { provider in
                provider.baseURL = baseURL ?? provider.baseURL
                provider.model = model ?? provider.model
            }
            try check(provider)
            if let key { try credentials.store(name, key) }
        }
        return try await record(name)
    }

    /// Read before any transaction, which must not wait for a file of somebody's.
    private func key(_ call: inout ControlCall) throws -> ProviderKey? {
        try call.arguments.optional("keyFile").map(Credentials.read)
    }

    /// The same rules that the requests will go by.
    private func check(_ provider: Provider) throws {
        _ = try BaseURL(provider.baseURL, kind: provider.kind)
    }

    /// Two names that share an environment variable would send one server's key to the other.
    private static func checkVariable(of name: String, _ db: Database) throws {
        let variable = Credentials.variable(for: name)
        let others = try Provider.fetchAll(db).map(\.name).filter { $0 != name }
        guard let other = others.first(where: { Credentials.variable(for: $0) == variable }) else { return }
        throw StoreError(
            .conflict,
            "provider \(other) has the same environment variable \(variable): choose another name"
        )
    }

    private func kind(_ text: String) throws -> ProviderKind {
        guard let kind = ProviderKind(rawValue: text), kind != .offline else {
            throw ControlError(
                .invalidArguments,
                "kind \"\(text.prefix(80))\" is unknown: use one of openai, anthropic"
            )
        }
        return kind
    }

    private func remove(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        let credentials = credentials
        try await context.store.write { db in
            try Provider.remove(name, db)
            try credentials.remove(name)
        }
        return ["deleted": .string(name)]
    }

    /// `name`, `timeout` (seconds, 1 to 600, default 60): asks the model one tiny question.
    private func test(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        let timeout = try call.arguments.integer("timeout", 1...600) ?? 60
        try call.arguments.finish()
        let provider = try await context.store.read { try Provider.named(name, $0) }
        let upstream: ModelUpstream
        do {
            upstream = ModelUpstream(
                kind: provider.kind,
                baseURL: try BaseURL(provider.baseURL, kind: provider.kind),
                key: try credentials.key(for: name)
            )
        } catch let error as EgressError {
            throw ControlError(.failed, "provider \(name): \(error.message)")
        }
        var trial = ProviderTrial(provider: provider, upstream: upstream, time: context.time)
        trial.patience = .seconds(timeout)
        return try await trial.run()
    }

    /// The row with where its key comes from, never the key.
    private func withKey(_ row: JSONValue) -> JSONValue {
        guard case .object(var fields) = row, let name = fields["name"]?.string else { return row }
        do {
            fields["key"] = .string(try credentials.key(for: name) == nil ? "none" : "present")
        } catch {
            fields["key"] = .string("unusable: \(error)")
        }
        return .object(fields)
    }
}
