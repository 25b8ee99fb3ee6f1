package import CSQLite
import Glibc

/// SQLite's ways to files beside its own.
package enum VFS {
    /// Registers SQLite's own way under another name, with what `change` does otherwise.
    ///
    /// Answers the name for `sqlite3_open_v2`; nil when SQLite does not take it. Lives as long as the process.
    package static func register(_ name: String, _ change: (inout sqlite3_vfs) -> Void) -> String? {
        guard let base = sqlite3_vfs_find("unix"), let own = strdup(name) else { return nil }
        let ours = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        ours.initialize(to: base.pointee)
        ours.pointee.zName = UnsafePointer(own)
        ours.pointee.pNext = nil
        change(&ours.pointee)
        return sqlite3_vfs_register(ours, 0) == SQLITE_OK ? name : nil
    }
}
