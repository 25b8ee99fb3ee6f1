import CSQLite
import SessionStore

/// A whole database in memory, to be looked at: nothing in it can act, whoever made it.
package final class DatabaseImage {
    private let database: Connection

    /// Opens the bytes of a database file, under this name in errors.
    ///
    /// With `hasChecks` its tables may check their rows by functions of SQLite's own, as the central ones do by
    /// `json_valid`; SQLite counts that as unsafe in a schema that is not trusted.
    package init(_ bytes: [UInt8], name: String, hasChecks: Bool = false) throws {
        database = try Connection(inMemory: name)
        let size = Int64(bytes.count)
        guard size >= 100, let memory = sqlite3_malloc64(UInt64(size)) else {
            throw StoreError(.damaged, "\(name): \(size) bytes are no database")
        }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        let image = memory.assumingMemoryBound(to: UInt8.self)
        // What is in memory has no log beside it, and is refused when its header speaks of one.
        for place in [18, 19] where image[place] == 2 { image[place] = 1 }
        let switches = [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, hasChecks ? 1 : 0),
            (SQLITE_DBCONFIG_ENABLE_VIEW, 0),
            (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        ]
        for (option, value) in switches { csqlite_switch(database.handle, option, Int32(value)) }
        let flags = UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY)
        let code = sqlite3_deserialize(database.handle, "main", image, size, size, flags)
        guard code == SQLITE_OK else { throw database.error(code, "open") }
    }

    /// What SQLite's own check finds wrong, at most ten findings; none in a sound database.
    package func findings() throws -> [String] {
        try database.rows("PRAGMA integrity_check(10)") { $0.text(0) }.filter { $0 != "ok" }
    }

    /// The number that a query answers.
    package func number(_ query: String) throws -> Int {
        try database.first(query) { Int($0.integer(0)) } ?? 0
    }

    /// The texts of a query's first column.
    package func texts(_ query: String) throws -> [String] { try database.rows(query) { $0.text(0) } }
}
