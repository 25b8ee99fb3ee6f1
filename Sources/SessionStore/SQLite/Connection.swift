import CSQLite
import Glibc

/// One open database: statements are kept prepared, errors are ``StoreError``.
///
/// Belongs to one thread, or to one actor, at a time.
package final class Connection {
    /// What the connection may do.
    package enum Access: Sendable {
        case readOnly, readWrite
        /// As `readWrite`; the file is made when it is not there.
        case create
    }

    /// SQLite's handle, for calls that this type does not wrap; nil once closed.
    package private(set) var handle: OpaquePointer?
    private let name: String
    private var prepared: [String: OpaquePointer] = [:]

    /// Opens a database file of our own and sets what holds for every connection: rollback journal that is truncated,
    /// every commit synchronised, no memory map.
    ///
    /// Waits up to `busyTimeout` milliseconds for the other side's locks.
    package init(path: String, _ access: Access, busyTimeout: Int32) throws {
        name = String(path.split(separator: "/").last ?? "")
        let mode =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        try open(
            Self.resolved(path),
            mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
            by: JournalVFS.name
        )
        sqlite3_busy_timeout(handle, busyTimeout)
        // A turn's pages fit into 128 KiB, and a thousand sessions may be open. A transaction may hold 255 pages before it
        // spills, which takes the file's lock in its middle.
        try execute(
            "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-128;"
                + "PRAGMA cache_spill=255"
        )
        if access == .create {
            try execute("PRAGMA page_size=\(SessionLimits.pageSize); PRAGMA encoding='UTF-8'; PRAGMA auto_vacuum=FULL")
        }
        if access != .readOnly { try execute("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL") }
    }

    /// An empty database in memory, under this name in errors.
    package init(inMemory name: String) throws {
        self.name = name
        try open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE)
    }

    /// What `vfs` opens under this path, for reading; `name` stands in errors.
    package init(reading path: String, by vfs: String, as name: String) throws {
        self.name = name
        try open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, by: vfs)
    }

    deinit { close() }

    /// The path with the links above the file resolved: a home may stand behind one, the file itself may be none.
    private static func resolved(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), let directory = realpath(String(path[..<slash]), nil) else {
            return path
        }
        defer { free(directory) }
        return String(cString: directory) + path[slash...]
    }

    private func open(_ path: String, _ flags: Int32, by vfs: String? = nil) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, vfs)
        handle = opened
        guard code == SQLITE_OK else {
            let failure = error(code, "open")
            close()
            throw failure
        }
    }

    /// Closes the database; what uses the connection afterwards throws.
    package func close() {
        for statement in prepared.values { sqlite3_finalize(statement) }
        prepared = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    // MARK: - Statements

    /// Runs a script of statements without values.
    package func execute(_ script: String) throws {
        guard handle != nil else { throw StoreError(.database, "\(name): the database is closed") }
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, script) }
    }

    /// Runs one statement to its end; answers how many rows it changed.
    @discardableResult
    package func run(_ sql: String, _ values: (any SQLiteBindable)?...) throws -> Int {
        try step(sql, values) { _ in true }
        return Int(sqlite3_changes(handle))
    }

    /// Every row of a query, as `read` makes it.
    package func rows<Element>(
        _ sql: String,
        _ values: (any SQLiteBindable)?...,
        read: (Row) throws -> Element
    ) throws -> [Element] {
        var elements: [Element] = []
        try step(sql, values) { row in
            elements.append(try read(row))
            return true
        }
        return elements
    }

    /// The first row of a query, as `read` makes it; nil when there is none.
    package func first<Element>(
        _ sql: String,
        _ values: (any SQLiteBindable)?...,
        read: (Row) throws -> Element
    ) throws -> Element? {
        var element: Element?
        try step(sql, values) { row in
            element = try read(row)
            return false
        }
        return element
    }

    /// Hands each row to `visit` until it answers false.
    private func step(_ sql: String, _ values: [(any SQLiteBindable)?], visit: (Row) throws -> Bool) throws {
        let statement = try take(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
            give(statement, sql)
        }
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code = value?.bind(to: statement, at: place) ?? sqlite3_bind_null(statement, place)
            guard code == SQLITE_OK else { throw error(code, sql) }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                if try !visit(Row(statement)) { return }
            case SQLITE_DONE: return
            case let code: throw error(code, sql)
            }
        }
    }

    private func take(_ sql: String) throws -> OpaquePointer {
        if let statement = prepared.removeValue(forKey: sql) { return statement }
        guard handle != nil else { throw StoreError(.database, "\(name): the database is closed") }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code, sql) }
        return statement
    }

    private func give(_ statement: OpaquePointer, _ sql: String) {
        if handle == nil || prepared[sql] != nil {
            sqlite3_finalize(statement)
        } else {
            prepared[sql] = statement
        }
    }

    // MARK: - Transactions

    /// True between a BEGIN and its COMMIT or ROLLBACK.
    package var isInTransaction: Bool { handle != nil && sqlite3_get_autocommit(handle) == 0 }

    /// Undoes the transaction, if one is open.
    package func rollBack() {
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Runs the body as one transaction that writes; undone when the body or the commit throws.
    @discardableResult
    package func write<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Runs the body on one state of the database.
    package func read<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN")
        defer { rollBack() }
        return try body()
    }

    /// The error for a result code of this database, naming what was done.
    package func error(_ code: Int32, _ action: String) -> StoreError {
        let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        let system = handle.map { sqlite3_system_errno($0) } ?? 0
        let what = action.prefix(60).split(whereSeparator: \.isNewline).joined(separator: " ")
        return StoreError(
            .init(sqlite: code, systemError: system),
            "\(name): \(what): \(reason)",
            extendedCode: code
        )
    }
}
