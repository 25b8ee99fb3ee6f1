import CSQLite

/// What holds for SQLite in the whole process.
package enum SQLiteLibrary {
    /// Leaves its statistics of memory away, which nobody asks for: they cost each allocation a lock that all threads share.
    ///
    /// To be called before the first database is opened, and without effect later (https://sqlite.org/malloc.html).
    package static func begin() { csqlite_count_memory(0) }
}
