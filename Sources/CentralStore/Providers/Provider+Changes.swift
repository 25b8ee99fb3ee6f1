import Core
import Foundation
package import GRDB

extension Provider {
    /// The profile of this name; throws `notFound` listing those that exist.
    package static func named(_ name: String, _ db: Database) throws -> Provider {
        if let provider = try fetchOne(db, key: name) { return provider }
        let names = try order(CodingKeys.name).fetchAll(db).map(\.name)
        let known =
            names.isEmpty ? "there is none yet: nanoclaw providers add" : "there are: \(names.joined(separator: ", "))"
        throw StoreError(.notFound, "no provider \"\(name.prefix(80))\"; \(known)")
    }

    /// Stores a profile; throws ``StoreError`` `invalid` naming the key, `conflict` for a name that is taken.
    package func create(_ db: Database) throws -> Provider {
        try check()
        if try Provider.exists(db, key: name) { throw StoreError(.conflict, "provider \(name) exists already") }
        try insert(db)
        return self
    }

    /// Changes a profile; its name stays.
    package static func update(
        _ name: String,
        _ db: Database,
        _ change: (inout Provider) throws -> Void
    ) throws -> Provider {
        var provider = try named(name, db)
        try change(&provider)
        provider.name = name
        try provider.check()
        try provider.update(db)
        return provider
    }

    /// Deletes a profile; throws `conflict` naming the agent groups that use it.
    package static func remove(_ name: String, _ db: Database) throws {
        let provider = try named(name, db)
        let users = try String.fetchAll(
            db,
            sql: """
                SELECT g.folder FROM agent_group_configs c JOIN agent_groups g ON g.id = c.agent_group_id
                WHERE c.provider = ? ORDER BY g.folder
                """,
            arguments: [name]
        )
        guard users.isEmpty else {
            throw StoreError(.conflict, "provider \(name) is in use by \(users.joined(separator: ", "))")
        }
        try provider.delete(db)
    }

    private func check() throws {
        guard PathSegment.isIdentifier(name), name != "offline" else {
            throw StoreError(
                .invalid,
                "name: \"\(name.prefix(80))\" is not allowed: use letters, digits, _ and -, not \"offline\""
            )
        }
        guard kind != .offline else { throw StoreError(.invalid, "kind: \"offline\" is not one of openai, anthropic") }
        guard let url = URL(string: baseURL), ["http", "https"].contains(url.scheme?.lowercased()),
            let host = url.host, !host.isEmpty, baseURL.utf8.count <= 1_000
        else {
            throw StoreError(.invalid, "base_url: \"\(baseURL.prefix(200))\" is no http or https URL")
        }
        guard url.user == nil, url.password == nil, url.query == nil, url.fragment == nil else {
            throw StoreError(.invalid, "base_url: no user, query or fragment; the key is given with --key-file")
        }
        try Text.check("model", model, limit: 200)
    }
}
