import CLinux
import Glibc
import LinuxIO
import SessionStore

/// Takes consistent copies of an `outbound.db` that a sandbox may have made into anything.
///
/// The file is never opened with SQLite in place. It is read under the lock that SQLite's own readers take, as a lock
/// of the open file description: another description of this process can neither lose nor inherit it.
struct OutboundReader {
    let folder: SessionFolder
    private var directory: Directory?
    private var last: Fingerprint?
    private var name = "outbound.db"
    private var limit = SessionLimits.outboundFile

    init(folder: SessionFolder) { self.folder = folder }

    /// The same look at any database of a session, for a copy of at most `limit` bytes.
    init(_ name: String, in directory: Directory, limit: Int) {
        folder = SessionFolder(path: "")
        self.directory = directory
        self.name = name
        self.limit = limit
    }

    /// What one look gave.
    enum Look {
        case unchanged
        /// A writer is just committing.
        case locked
        case hot
        case copied(bytes: [UInt8], Fingerprint)
        case refused(String)
    }

    /// What tells that the file is the one seen before.
    struct Fingerprint: Equatable {
        var inode: UInt64
        var size: Int64
        var modified: [Int64]
        /// The header's change counter: each commit raises it.
        var counter: [UInt8]

        init(_ status: stat, header: some Collection<UInt8>) {
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            modified = [
                Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec), Int64(status.st_ctim.tv_sec),
                Int64(status.st_ctim.tv_nsec),
            ]
            counter = Array(header.dropFirst(24).prefix(4))
        }
    }

    /// Where SQLite's locks stand in a file (os.h of SQLite).
    private enum LockPlace {
        static let pending: off_t = 0x4000_0000
        static let reserved: off_t = pending + 1
        static let shared: off_t = pending + 2
        static let sharedLength: off_t = 510
    }

    /// Lets go of the directory; the next look opens it again.
    mutating func close() {
        directory = nil
        last = nil
    }

    /// Remembers a copy whose content is known, so that the same file is not copied again.
    mutating func remember(_ fingerprint: Fingerprint?) { last = fingerprint }

    private mutating func open() throws -> Directory {
        if let directory { return directory }
        let opened = try Directory(path: folder.path).directory("outbound")
        directory = opened
        return opened
    }

    /// Looks once, without waiting for anything.
    mutating func look() throws -> Look {
        let directory = try open()
        let file: Descriptor
        do {
            file = try directory.file(name, limit: limit)
        } catch let error as Errno {
            switch error.code {
            case ENOENT, EINVAL, EMLINK, EFBIG, ELOOP, ENXIO, EISDIR, EXDEV:
                return .refused("\(error)")
            default: throw error
            }
        }
        if let last, Fingerprint(try file.status(), header: try bytes(of: file, 100)) == last { return .unchanged }
        guard try lock(file) else { return .locked }
        switch try journal(of: file, in: directory) {
        case .clear: break
        case .hot: return .hot
        case .odd: return .refused("\(name)-journal is no regular file")
        }
        let status = try file.status()
        guard status.st_size <= limit else { return .refused("\(name) is over \(limit) bytes") }
        let copy = try bytes(of: file, Int(status.st_size))
        // Somebody cuts the file while it is read, lock or not.
        guard copy.count == Int(status.st_size) else { return .locked }
        return .copied(bytes: copy, Fingerprint(status, header: copy.prefix(100)))
    }

    /// The file and its hot journal as they belong together; nil when they are none, or somebody is at them.
    mutating func hotPair() throws -> (database: [UInt8], journal: [UInt8])? {
        let directory = try open()
        let file = try directory.file(name, limit: limit)
        // Whoever rolls back needs the lock of a writer, and waits for this one.
        guard try lock(file), try journal(of: file, in: directory) == .hot else { return nil }
        let journal = try directory.contents("\(name)-journal", limit: 2 * limit)
        return (try bytes(of: file, Int(try file.status().st_size)), journal)
    }

    /// True when the journal holds a transaction and nobody holds the lock of a writer.
    mutating func isHot() throws -> Bool {
        let directory = try open()
        guard let file = try? directory.file(name, limit: limit) else { return false }
        return try journal(of: file, in: directory) == .hot
    }

    // MARK: - Locks

    /// Takes SHARED as SQLite's readers do: past PENDING, which a writer holds while it waits for readers to leave.
    ///
    /// Closing the description gives it back.
    private func lock(_ file: Descriptor) throws -> Bool {
        let read = Int16(F_RDLCK)
        guard try take(read, LockPlace.pending, 1, file) else { return false }
        let isShared = try take(read, LockPlace.shared, LockPlace.sharedLength, file)
        _ = try take(Int16(F_UNLCK), LockPlace.pending, 1, file)
        return isShared
    }

    private func take(_ kind: Int16, _ start: off_t, _ length: off_t, _ file: Descriptor) throws -> Bool {
        let result = clinux_ofd_lock(file.number, kind, start, length)
        if result == -EAGAIN || result == -EACCES { return false }
        try Errno.check(result, "lock \(name)")
        return true
    }

    private enum Journal {
        /// Empty, or of a living writer that cannot touch the file while we hold SHARED.
        case clear
        case hot
        case odd
    }

    private func journal(of file: Descriptor, in directory: Directory) throws -> Journal {
        var before: Fingerprint?
        // A writer may take or leave RESERVED between two looks: only a journal that stands still, and whose
        // writer is missing every time, is hot. One that moves belongs to a writer that lives.
        for _ in 0..<3 {
            guard let status = try directory.status(name + "-journal") else { return .clear }
            guard status.st_mode & S_IFMT == S_IFREG else { return .odd }
            if status.st_size == 0 { return .clear }
            let held = clinux_ofd_test(file.number, Int16(F_WRLCK), LockPlace.reserved, 1)
            if try Errno.check(held, "test RESERVED of \(name)") == 1 { return .clear }
            let now = Fingerprint(status, header: [])
            if let before, before != now { return .clear }
            before = now
        }
        return .hot
    }

    private func bytes(of file: Descriptor, _ count: Int) throws -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(file.number, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = Errno.last("read \(name)") }
                if got <= 0 { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
