package import Migrations

/// The schema of one of a session's databases: numbered migrations; `user_version` is their ledger.
package struct SessionSchema: Sendable {
    /// The file's name, for errors.
    package let name: String
    /// The migrations in order, from 1.
    package let files: [MigrationFile]

    /// A schema of one's own; the two that are used are ``inbound`` and ``outbound``.
    package init(name: String, files: [MigrationFile]) {
        self.name = name
        self.files = files
    }

    /// `inbound.db`, written by the host.
    package static let inbound = SessionSchema(name: "inbound.db", files: MigrationFile.inbound)
    /// `outbound.db`, written by the runner.
    package static let outbound = SessionSchema(name: "outbound.db", files: MigrationFile.outbound)

    /// The newest version.
    package var version: Int { files.count }

    /// The version that the database has reached.
    package static func version(of database: Connection) throws -> Int {
        try database.first("PRAGMA user_version") { Int($0.integer(0)) } ?? 0
    }

    /// Brings the database up to `version`, each step one transaction; throws `.newerSchema` when it is past ours.
    package func migrate(_ database: Connection, to version: Int? = nil) throws {
        let present = try Self.version(of: database)
        guard present <= files.count else {
            throw StoreError(
                .newerSchema,
                "\(name) has schema version \(present), this program knows \(files.count): upgrade it"
            )
        }
        for file in files.prefix(version ?? files.count) where file.version > present {
            try database.write {
                try database.execute(file.sql)
                try database.execute("PRAGMA user_version=\(file.version)")
            }
        }
    }

    /// One entry of `sqlite_schema`.
    package struct Entry: Sendable, Hashable {
        package let type, name, table: String
        /// The statement that made it; nil for an index that a constraint made.
        package let sql: String?

        package init(type: String, name: String, table: String, sql: String?) {
            self.type = type
            self.name = name
            self.table = table
            self.sql = sql
        }
    }

    /// What `sqlite_schema` holds in a database made by the first `version` migrations.
    package func entries(at version: Int) throws -> Set<Entry> {
        let database = try Connection(inMemory: name)
        defer { database.close() }
        try migrate(database, to: version)
        return Set(try Self.entries(of: database))
    }

    /// What `sqlite_schema` holds, at most 64 entries: more than any of ours has.
    package static func entries(of database: Connection) throws -> [Entry] {
        try database.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 64") { row in
            Entry(type: row.text(0), name: row.text(1), table: row.text(2), sql: row.optionalText(3))
        }
    }
}
