import CSQLite
import Glibc
import Synchronization

/// SQLite's own access to files, which knows one thing more of a session's: nobody removes a journal while its database
/// is open.
///
/// SQLite then keeps the truncated journal open between commits, and synchronises its directory with the first commit only
/// instead of with each: four synchronisations a commit in place of five. See SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN
/// (https://sqlite.org/c3ref/c_iocap_atomic.html). SQLITE_IOCAP_SAFE_APPEND would spare one more and is no fact: a page of the
/// journal that has not reached the disk may pass for one that has, as its checksum looks at every 200th byte only
/// (`PowerCutTests` finds it).
enum JournalVFS {
    /// Its name for `sqlite3_open_v2`; nil, which means SQLite's own, when it could not be registered.
    static let name = VFS.register("nanoclaw") { vfs in
        vfs.xOpen = { _, path, file, flags, answered in
            guard let base = sqlite3_vfs_find("unix"), let open = base.pointee.xOpen else { return SQLITE_ERROR }
            let code = open(base, path, file, flags, answered)
            guard code == SQLITE_OK, flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL) != 0 else { return code }
            if let file, let methods = file.pointee.pMethods { file.pointee.pMethods = JournalVFS.table(for: methods) }
            return code
        }
    }

    /// The first is what SQLite itself says of every file.
    private static let characteristics = SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN

    /// The address of each table of SQLite's, and that of ours in its place; both live as long as the process.
    private static let tables = Mutex<[UInt: UInt]>([:])

    private static func table(for methods: UnsafePointer<sqlite3_io_methods>) -> UnsafePointer<sqlite3_io_methods>? {
        let address = UInt(bitPattern: methods)
        let ours = tables.withLock { tables -> UInt in
            if let known = tables[address] { return known }
            let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            copy.initialize(to: methods.pointee)
            copy.pointee.xDeviceCharacteristics = { _ in JournalVFS.characteristics }
            tables[address] = UInt(bitPattern: copy)
            return UInt(bitPattern: copy)
        }
        return UnsafePointer(bitPattern: ours)
    }
}
