import CSQLite
import Glibc
import SessionStore

/// A copy of an `outbound.db` in memory, opened so that nothing in it can act: no view, trigger, extension or foreign
/// schema, tight limits, a budget, and reading of three tables only.
final class HostileDatabase {
    let database: Connection
    private let image: UnsafeMutableRawBufferPointer
    /// How many thousands of SQLite's instructions are left.
    private let budget: UnsafeMutablePointer<Int64>

    /// Thousands of instructions that all reading of one copy may take.
    ///
    /// A count and no time, so that a busy or sleeping machine condemns no honest file.
    static let instructions: Int64 = 50_000

    /// Opens the copy and compares its schema with the ones that our migrations make, or with `schemas` by version.
    /// - Throws: ``StoreError`` with `.damaged` when it is another, or the file is corrupt.
    init(_ bytes: [UInt8], schemas: [Int: Set<SessionSchema.Entry>]? = nil) throws {
        image = .allocate(byteCount: bytes.count, alignment: 16)
        image.copyBytes(from: bytes)
        budget = .allocate(capacity: 1)
        budget.initialize(to: Self.instructions)
        do {
            database = try Connection(inMemory: "outbound.db (copy)")
        } catch {
            image.deallocate()
            budget.deallocate()
            throw error
        }
        try harden()
        let size = Int64(bytes.count)
        let start = image.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(
            sqlite3_deserialize(
                database.handle,
                "main",
                start,
                size,
                size,
                UInt32(SQLITE_DESERIALIZE_READONLY)
            ),
            "open the copy"
        )
        try database.execute(
            "PRAGMA cell_size_check=ON; PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; "
                + "PRAGMA ignore_check_constraints=ON"
        )
        try compareSchema(with: schemas ?? Self.expected.get())
        try checkStructure()
        try check(sqlite3_set_authorizer(database.handle, Self.authorize, nil), "set the authorizer")
    }

    deinit {
        database.close()
        image.deallocate()
        budget.deallocate()
    }

    private func check(_ code: Int32, _ action: String) throws {
        guard code == SQLITE_OK else { throw database.error(code, action) }
    }

    private func harden() throws {
        let switches = [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_ENABLE_VIEW, 0),
            (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
            (SQLITE_DBCONFIG_DQS_DDL, 0), (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0),
        ]
        for (option, value) in switches {
            try check(csqlite_switch(database.handle, option, Int32(value)), "set option \(option)")
        }
        let limits = [
            (SQLITE_LIMIT_LENGTH, SessionLimits.outboundFile), (SQLITE_LIMIT_SQL_LENGTH, 64 * 1024),
            (SQLITE_LIMIT_COLUMN, 64), (SQLITE_LIMIT_EXPR_DEPTH, 50), (SQLITE_LIMIT_COMPOUND_SELECT, 2),
            (SQLITE_LIMIT_VDBE_OP, 25_000), (SQLITE_LIMIT_FUNCTION_ARG, 8), (SQLITE_LIMIT_ATTACHED, 0),
            (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        for (limit, value) in limits { sqlite3_limit(database.handle, limit, Int32(value)) }
        sqlite3_progress_handler(
            database.handle,
            1000,
            { budget in
                guard let left = budget?.assumingMemoryBound(to: Int64.self) else { return 1 }
                left.pointee -= 1
                return left.pointee < 0 ? 1 : 0
            },
            budget
        )
    }

    /// Runs SQLite's check of the pages.
    ///
    /// What it finds wrong with a single row is left to the reading of that row.
    private func checkStructure() throws {
        let most = 100
        let findings = try database.rows("PRAGMA quick_check(\(most))") { $0.text(0) }
        let isOfRow = { (finding: String) in finding.hasPrefix("NULL value in ") || finding.hasPrefix("non-") }
        guard findings != ["ok"] else { return }
        if let finding = findings.first(where: { !isOfRow($0) }) ?? (findings.count < most ? nil : findings.last) {
            throw StoreError(.damaged, "quick_check: \(finding.prefix(200))")
        }
    }

    // MARK: - Schema

    /// The versions that are read: the newest, and the one before it.
    static let versions = max(1, SessionSchema.outbound.version - 1)...SessionSchema.outbound.version

    private static let expected: Result<[Int: Set<SessionSchema.Entry>], any Error> = Result {
        var expected: [Int: Set<SessionSchema.Entry>] = [:]
        for version in versions { expected[version] = try SessionSchema.outbound.entries(at: version) }
        return expected
    }

    private func compareSchema(with schemas: [Int: Set<SessionSchema.Entry>]) throws {
        let version = try SessionSchema.version(of: database)
        let wanted = schemas[version] ?? []
        var count = 0
        let found = try database.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 64"
        ) { row in
            count += 1
            return SessionSchema.Entry(
                type: row.text(0),
                name: row.text(1),
                table: row.text(2),
                sql: row.optionalText(3)
            )
        }
        guard count == wanted.count, Set(found) == wanted else {
            throw StoreError(.damaged, "its schema is not the one of version \(version)")
        }
    }

    /// Allows reading of three tables, and nothing else.
    private static let authorize:
        @convention(c) (
            UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?
        ) -> Int32 = { _, action, table, _, _, _ in
            if action == SQLITE_SELECT { return SQLITE_OK }
            guard action == SQLITE_READ, let table else { return SQLITE_DENY }
            for known in ["messages_out", "processing_ack", "runner_state"] where strcmp(table, known) == 0 {
                return SQLITE_OK
            }
            return SQLITE_DENY
        }
}
