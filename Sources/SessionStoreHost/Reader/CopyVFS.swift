import CSQLite
import Glibc
import SessionStore

/// Bytes in memory as a file of SQLite's that is only read: without journal and locks, and replaced as a whole between two
/// looks.
///
/// `sqlite3_deserialize` would do for one look, and costs the next all that the connection has prepared.
enum CopyVFS {
    /// The bytes behind a connection; its owner keeps both alive, and changes them while no statement runs.
    struct Image {
        var base: UnsafeRawPointer?
        var count: Int
    }

    private struct File {
        var base: sqlite3_file
        var image: UnsafePointer<Image>?
    }

    /// Its name for `sqlite3_open_v2`; nil when it could not be registered.
    static let name = VFS.register("nanoclaw-copy") { vfs in
        vfs.szOsFile = Int32(MemoryLayout<File>.size)
        vfs.xOpen = { _, path, file, flags, answered in
            // Neither journals nor files for SQLite's own use: nothing is written.
            guard flags & SQLITE_OPEN_MAIN_DB != 0, let path, let file else { return SQLITE_CANTOPEN }
            file.withMemoryRebound(to: File.self, capacity: 1) { file in
                file.pointee.image = UnsafePointer(bitPattern: strtoul(path + 1, nil, 16))
                file.pointee.base.pMethods = UnsafePointer(bitPattern: CopyVFS.methods)
            }
            answered?.pointee = flags
            return SQLITE_OK
        }
        vfs.xDelete = { _, _, _ in SQLITE_OK }
        vfs.xAccess = { _, _, _, answer in
            answer?.pointee = 0
            return SQLITE_OK
        }
        vfs.xFullPathname = { _, path, room, full in
            guard let path, let full, strlen(path) < Int(room) else { return SQLITE_CANTOPEN }
            strcpy(full, path)
            return SQLITE_OK
        }
    }

    /// The path that opens an image.
    static func path(of image: UnsafeMutablePointer<Image>) -> String {
        "/" + String(UInt(bitPattern: image), radix: 16)
    }

    /// SQLITE_IOERR_SHORT_READ, a macro that Swift does not see.
    private static let shortRead = SQLITE_IOERR | 2 << 8

    /// The address of the table of methods, which lives as long as the process.
    private static let methods: UInt = {
        var methods = sqlite3_io_methods()
        methods.iVersion = 1
        methods.xClose = { _ in SQLITE_OK }
        methods.xRead = { file, buffer, count, offset in
            guard let buffer, let image = CopyVFS.image(of: file) else { return SQLITE_IOERR }
            let start = max(0, min(Int(clamping: offset), image.count))
            let there = min(Int(count), image.count - start)
            if there > 0, let base = image.base { buffer.copyMemory(from: base + start, byteCount: there) }
            guard there < Int(count) else { return SQLITE_OK }
            memset(buffer + there, 0, Int(count) - there)
            return CopyVFS.shortRead
        }
        methods.xWrite = { _, _, _, _ in SQLITE_READONLY }
        methods.xTruncate = { _, _ in SQLITE_READONLY }
        methods.xSync = { _, _ in SQLITE_OK }
        methods.xFileSize = { file, size in
            size?.pointee = Int64(CopyVFS.image(of: file)?.count ?? 0)
            return SQLITE_OK
        }
        methods.xLock = { _, _ in SQLITE_OK }
        methods.xUnlock = { _, _ in SQLITE_OK }
        methods.xCheckReservedLock = { _, isHeld in
            isHeld?.pointee = 0
            return SQLITE_OK
        }
        methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        methods.xSectorSize = { _ in 4096 }
        methods.xDeviceCharacteristics = { _ in 0 }
        let table = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        table.initialize(to: methods)
        return UInt(bitPattern: table)
    }()

    private static func image(of file: UnsafeMutablePointer<sqlite3_file>?) -> Image? {
        file?.withMemoryRebound(to: File.self, capacity: 1) { $0.pointee.image?.pointee }
    }
}
