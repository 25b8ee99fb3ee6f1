package import Core
package import GRDB
package import Migrations

/// Brings a database to the newest schema, one transaction a migration, and keeps the ledger `schema_version`.
package struct Migrator: Sendable {
    private let migrations: [MigrationFile]

    /// The migrations in the order in which they are applied; each is known by its name.
    package init(_ migrations: [MigrationFile]) { self.migrations = migrations }

    /// Applies what the ledger does not name yet.
    ///
    /// The first that throws leaves nothing of itself and ends the run.
    ///
    /// Refuses a database whose ledger names a migration that this program does not have (it is newer), and one
    /// whose applied migration reads differently here.
    package func migrate(_ writer: some DatabaseWriter, now: Timestamp) throws {
        try writer.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS schema_version (
                        name TEXT PRIMARY KEY NOT NULL,
                        version INTEGER NOT NULL,
                        applied_at INTEGER NOT NULL,
                        checksum TEXT NOT NULL
                    ) STRICT
                    """
            )
        }
        if let reason = try writer.read({ try refusal(of: $0) }) { throw reason }
        let applied = try writer.read { db in try Self.applied(db) }
        for migration in migrations where applied[migration.name] == nil {
            try apply(migration, to: writer, now: now)
        }
    }

    /// Why this program cannot serve a database: its ledger names a migration that is not known here (it is newer), or one
    /// that reads differently here.
    ///
    /// Nil when it can, and for a database without a ledger. Changes nothing.
    package func refusal(of db: Database) throws -> StoreError? {
        guard try db.tableExists("schema_version") else { return nil }
        let applied = try Self.applied(db)
        let known = Set(migrations.map(\.name))
        if let newer = applied.keys.sorted().first(where: { !known.contains($0) }) {
            return StoreError(
                .migration,
                "the database has had migration \(newer), which this program does not know: it is of a newer nanoclaw"
            )
        }
        for migration in migrations {
            guard let before = applied[migration.name], try before != Checksum.sha256(migration.sql) else { continue }
            return StoreError(
                .migration,
                "migration \(migration.name) is not the one that was applied: its checksum differs"
            )
        }
        return nil
    }

    private func apply(_ migration: MigrationFile, to writer: some DatabaseWriter, now: Timestamp) throws {
        do {
            let checksum = try Checksum.sha256(migration.sql)
            try writer.write { db in
                try db.execute(sql: migration.sql)
                try db.checkForeignKeys()
                let highest = try Int.fetchOne(db, sql: "SELECT max(version) FROM schema_version") ?? 0
                try db.execute(
                    sql: "INSERT INTO schema_version (name, version, applied_at, checksum) VALUES (?, ?, ?, ?)",
                    arguments: [migration.name, highest + 1, now, checksum]
                )
            }
        } catch {
            throw StoreError(.migration, "migration \(migration.name) failed and left nothing", cause: error)
        }
    }

    private static func applied(_ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(db, sql: "SELECT name, checksum FROM schema_version")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["checksum"]) })
    }
}
