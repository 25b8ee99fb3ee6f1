import CSQLite
import Glibc
import LinuxIO
import SessionStore

/// A copy of an `outbound.db` in memory, opened so that nothing in it can act: no view, trigger, extension or foreign
/// schema, tight limits, a budget, and reading of three tables only.
final class HostileDatabase {
    let database: Connection
    private let image: UnsafeMutablePointer<CopyVFS.Image>
    private let rules: UnsafeMutablePointer<Rules>
    /// The first page, if it holds the whole schema.
    private let firstPage: [UInt8]?
    private var looks: UInt32 = 0

    /// What SQLite's callbacks go by.
    private struct Rules {
        /// How many thousands of SQLite's instructions are left.
        var budget = HostileDatabase.instructions
        /// The pages are being checked; only then may they be.
        var isChecking = false
    }

    /// Thousands of instructions that all reading of one copy may take.
    ///
    /// A count and no time, so that a busy or sleeping machine condemns no honest file.
    static let instructions: Int64 = 50_000

    /// Opens the copy and compares its schema with the ones that our migrations make, or with `schemas` by version.
    /// - Throws: ``StoreError`` with `.damaged` when it is another, or the file is corrupt.
    init(_ bytes: [UInt8], schemas: [Int: Set<SessionSchema.Entry>]? = nil) throws {
        guard let vfs = CopyVFS.name else { throw Errno(ENOMEM, "sqlite3_vfs_register") }
        image = .allocate(capacity: 1)
        image.initialize(to: CopyVFS.Image(base: nil, count: 0))
        rules = .allocate(capacity: 1)
        rules.initialize(to: Rules())
        firstPage = Self.firstPage(of: bytes)
        do {
            database = try Connection(reading: CopyVFS.path(of: image), by: vfs, as: "outbound.db (copy)")
        } catch {
            image.deallocate()
            rules.deallocate()
            throw error
        }
        put(bytes)
        try harden()
        try database.execute(
            "PRAGMA cell_size_check=ON; PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; "
                + "PRAGMA ignore_check_constraints=ON"
        )
        try compareSchema(with: schemas ?? Self.expected.get())
        try checkStructure()
        try check(sqlite3_set_authorizer(database.handle, Self.authorize, rules), "set the authorizer")
    }

    deinit {
        database.close()
        image.pointee.base?.deallocate()
        image.deallocate()
        rules.deallocate()
    }

    // MARK: - The next look

    /// Puts another copy in this one's place, checked as the first was, and keeps what SQLite has prepared.
    ///
    /// False, and nothing is done, when its schema is not the same to the byte. What throws is not to be used again.
    func replace(with bytes: [UInt8]) throws -> Bool {
        guard let firstPage, Self.firstPage(of: bytes) == firstPage else { return false }
        put(bytes)
        rules.pointee = Rules()
        try checkStructure()
        return true
    }

    /// Lets go of the copy, and of what SQLite keeps of it.
    func clear() {
        sqlite3_db_release_memory(database.handle)
        image.pointee.base?.deallocate()
        image.pointee = CopyVFS.Image(base: nil, count: 0)
    }

    /// The first page without what each commit changes; nil unless the whole of the schema is on it.
    private static func firstPage(of bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= SessionLimits.pageSize, isWholeLeaf(bytes) else { return nil }
        return Array(bytes[0..<24] + bytes[40..<92] + bytes[100..<SessionLimits.pageSize])
    }

    /// Whether the first page is a leaf whose rows have no part on another page (https://sqlite.org/fileformat2.html, 1.6).
    private static func isWholeLeaf(_ page: [UInt8]) -> Bool {
        let leaf: UInt8 = 0x0D
        let longest = SessionLimits.pageSize - 35
        func number(_ place: Int) -> Int { Int(page[place]) << 8 | Int(page[place + 1]) }
        guard page[100] == leaf else { return false }
        return (0..<number(103)).allSatisfy { index in
            let pointer = 108 + 2 * index
            guard pointer + 1 < SessionLimits.pageSize, number(pointer) + 1 < SessionLimits.pageSize else {
                return false
            }
            // The row's size in seven bits a byte; two hold more than a page.
            let (first, second) = (Int(page[number(pointer)]), Int(page[number(pointer) + 1]))
            let size = first < 0x80 ? first : second < 0x80 ? (first & 0x7F) << 7 | second : Int.max
            return size <= longest
        }
    }

    private func put(_ bytes: [UInt8]) {
        image.pointee.base?.deallocate()
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        copy.copyBytes(from: bytes)
        image.pointee = CopyVFS.Image(base: UnsafeRawPointer(copy.baseAddress), count: bytes.count)
        guard bytes.count >= 100 else { return }
        // SQLite keeps pages for as long as the file's change counter stands (https://sqlite.org/fileformat2.html, 1.3.7):
        // each look has one of its own, whatever the file says. Whether the second number goes with it stays as it is.
        let isCurrent = bytes[24..<28] == bytes[92..<96]
        repeat { looks &+= 1 } while !isCurrent && bytes[92..<96].elementsEqual(Self.bigEndian(looks))
        copy[24..<28].copyBytes(from: Self.bigEndian(looks))
        if isCurrent { copy[92..<96].copyBytes(from: Self.bigEndian(looks)) }
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
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
            { rules in
                guard let rules = rules?.assumingMemoryBound(to: Rules.self) else { return 1 }
                rules.pointee.budget -= 1
                return rules.pointee.budget < 0 ? 1 : 0
            },
            rules
        )
    }

    /// Runs SQLite's check of the pages.
    ///
    /// What it finds wrong with a single row is left to the reading of that row.
    private func checkStructure() throws {
        rules.pointee.isChecking = true
        defer { rules.pointee.isChecking = false }
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
        let found = try SessionSchema.entries(of: database)
        guard found.count == wanted.count, Set(found) == wanted else {
            throw StoreError(.damaged, "its schema is not the one of version \(version)")
        }
    }

    /// Allows reading of three tables and, in its time, the check of the pages; nothing else.
    private static let authorize:
        @convention(c) (
            UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?
        ) -> Int32 = { rules, action, table, _, _, _ in
            if action == SQLITE_SELECT { return SQLITE_OK }
            if action == SQLITE_PRAGMA, let table, strcmp(table, "quick_check") == 0,
                rules?.assumingMemoryBound(to: Rules.self).pointee.isChecking == true
            {
                return SQLITE_OK
            }
            guard action == SQLITE_READ, let table else { return SQLITE_DENY }
            for known in ["messages_out", "processing_ack", "runner_state"] where strcmp(table, known) == 0 {
                return SQLITE_OK
            }
            return SQLITE_DENY
        }
}
