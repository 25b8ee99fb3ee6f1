import Glibc
import LinuxIO

/// Makes one tree of files equal to another: kinds, bytes, owners, modes, times of change.
///
/// What is equal already stays as it is, so that a run after an interrupted one ends what that began. Names are resolved
/// one by one below directories that are held open and no link is followed, for agents write in these trees. Sockets
/// and devices are left out on both sides; a hard link becomes a file of its own.
struct TreeMirror {
    /// A file's name as the bytes that it is, with the zero at its end.
    typealias Name = [CChar]

    /// Directories in each other.
    private static let deepest = 256
    private static let temporary = Array(".nanoclaw-upgrade.new".utf8CString)
    private static let block = 1 << 20

    /// Makes `target` like `source`; names at the top that are in `skipped` are left alone on both sides.
    func mirror(_ source: Directory, _ target: Directory, skipping skipped: Set<String> = []) throws {
        try mirror(source, target, skipped, "", 0)
    }

    /// The same for what one name of a directory stands for; what is not there is removed.
    func mirror(_ name: String, _ source: Directory, _ target: Directory) throws {
        try entry(Array(name.utf8CString), source, target, name, 0)
    }

    /// Removes what stands under a name, of any size; nothing there is no error.
    func remove(_ name: String, _ directory: Directory) throws { try remove(Array(name.utf8CString), directory, 0) }

    /// Bytes on the disk; what cannot be looked into counts nothing.
    func size(_ directory: Directory, skipping skipped: Set<String> = [], depth: Int = 0) -> Int64 {
        guard depth < Self.deepest, let names = try? Self.names(directory) else { return 0 }
        var sum: Int64 = 0
        for name in names where !skipped.contains(Self.text(name)) {
            guard let status = try? Self.status(name, directory) else { continue }
            sum += Int64(status.st_blocks) * 512
            if status.st_mode & S_IFMT == S_IFDIR, let inner = try? Self.open(name, directory, O_DIRECTORY) {
                sum += size(Directory(inner), depth: depth + 1)
            }
        }
        return sum
    }

    // MARK: - One directory, one entry

    private func mirror(
        _ source: Directory,
        _ target: Directory,
        _ skipped: Set<String>,
        _ path: String,
        _ depth: Int
    ) throws {
        guard depth < Self.deepest else { throw Errno(ENAMETOOLONG, "copy \(path.prefix(200)): too many levels") }
        let names = try Self.names(source).filter { !skipped.contains(Self.text($0)) }
        let wanted = Set(names)
        for name in try Self.names(target) where !skipped.contains(Self.text(name)) && !wanted.contains(name) {
            if try Self.isOurs(Self.status(name, target)) { try remove(name, target, depth) }
        }
        for name in names { try entry(name, source, target, path + Self.text(name), depth) }
    }

    private func entry(
        _ name: Name,
        _ source: Directory,
        _ target: Directory,
        _ path: String,
        _ depth: Int
    ) throws {
        do {
            guard let from = try Self.status(name, source) else {
                if try Self.status(name, target) != nil { try remove(name, target, depth) }
                return
            }
            guard Self.isOurs(from) else { return }
            var present = try Self.status(name, target)
            if let there = present, there.st_mode & S_IFMT != from.st_mode & S_IFMT {
                try remove(name, target, depth)
                present = nil
            }
            switch from.st_mode & S_IFMT {
            case S_IFREG: try file(name, source, target, from, isThere: present != nil)
            case S_IFDIR: try directory(name, source, target, from, path, depth)
            case S_IFLNK: try link(name, source, target, from)
            default:
                if present == nil, mkfifoat(target.descriptor.number, name, from.st_mode & 0o7777) != 0 {
                    throw Errno.last("mkfifo")
                }
            }
        } catch let error as Errno where !error.call.hasPrefix("copy ") {
            throw Errno(error.code, "copy \(path): \(error.call)")
        }
    }

    private func file(
        _ name: Name,
        _ source: Directory,
        _ target: Directory,
        _ from: stat,
        isThere: Bool
    ) throws {
        let input = try Self.open(name, source, O_RDONLY)
        if isThere {
            let output = try Self.open(name, target, O_RDONLY)
            if try Self.isEqual(input, output) { return try Self.bring(output, to: from) }
        }
        unlinkat(target.descriptor.number, Self.temporary, 0)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let number = openat(target.descriptor.number, Self.temporary, flags, 0o600)
        guard number >= 0 else { throw Errno.last("create") }
        let output = Descriptor(owning: number)
        try Self.copy(input, output, size: off_t(from.st_size))
        try Self.bring(output, to: from)
        guard renameat(target.descriptor.number, Self.temporary, target.descriptor.number, name) == 0 else {
            throw Errno.last("rename")
        }
    }

    private func directory(
        _ name: Name,
        _ source: Directory,
        _ target: Directory,
        _ from: stat,
        _ path: String,
        _ depth: Int
    ) throws {
        if mkdirat(target.descriptor.number, name, 0o700) != 0, errno != EEXIST { throw Errno.last("mkdir") }
        let inner = try Self.open(name, source, O_DIRECTORY)
        let outer = try Self.open(name, target, O_DIRECTORY)
        // An agent may have closed its own directories to everybody, us included where we share its uid.
        let isClosed = from.st_mode & 0o700 != 0o700 && geteuid() != 0
        if isClosed { fchmod(inner.number, from.st_mode & 0o7777 | 0o700) }
        defer { if isClosed { fchmod(inner.number, from.st_mode & 0o7777) } }
        if geteuid() != 0 { fchmod(outer.number, 0o700) }
        try mirror(Directory(inner), Directory(outer), [], path + "/", depth + 1)
        try Self.bring(outer, to: from)
    }

    private func link(_ name: Name, _ source: Directory, _ target: Directory, _ from: stat) throws {
        let text = try Self.destination(name, source)
        let number = target.descriptor.number
        if (try? Self.destination(name, target)) != text {
            unlinkat(number, Self.temporary, 0)
            guard symlinkat(text, number, Self.temporary) == 0,
                renameat(number, Self.temporary, number, name) == 0
            else { throw Errno.last("symlink") }
        }
        var times = [from.st_atim, from.st_mtim]
        utimensat(number, name, &times, AT_SYMLINK_NOFOLLOW)
        guard fchownat(number, name, from.st_uid, from.st_gid, AT_SYMLINK_NOFOLLOW) == 0 || geteuid() != 0 else {
            throw Errno.last("chown")
        }
    }

    private func remove(_ name: Name, _ directory: Directory, _ depth: Int) throws {
        guard depth < Self.deepest else { throw Errno(ENAMETOOLONG, "remove: too many levels") }
        guard let status = try Self.status(name, directory), status.st_mode & S_IFMT == S_IFDIR else {
            guard unlinkat(directory.descriptor.number, name, 0) == 0 || errno == ENOENT else {
                throw Errno.last("unlink")
            }
            return
        }
        let inner = Directory(try Self.open(name, directory, O_DIRECTORY))
        if geteuid() != 0 { fchmod(inner.descriptor.number, 0o700) }
        for name in try Self.names(inner) { try remove(name, inner, depth + 1) }
        guard unlinkat(directory.descriptor.number, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw Errno.last("rmdir")
        }
    }
}

extension TreeMirror {
    private static func text(_ name: Name) -> String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is of a kind that is copied.
    private static func isOurs(_ status: stat?) -> Bool {
        status.map { [S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO].contains($0.st_mode & S_IFMT) } ?? false
    }

    private static func names(_ directory: Directory) throws -> [Name] {
        let number = openat(directory.descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let stream = fdopendir(number) else { throw Errno.last("opendir") }
        defer { closedir(stream) }
        var names: [Name] = []
        while let entry = readdir(stream) {
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                    names.append(Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1)))
                }
            }
        }
        return names
    }

    private static func status(_ name: Name, _ directory: Directory) throws -> stat? {
        var status = stat()
        if fstatat(directory.descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        guard errno == ENOENT else { throw Errno.last("stat") }
        return nil
    }

    /// Opens what stands under the name itself, to read; what belongs to us and is closed to us is opened for that long.
    private static func open(_ name: Name, _ directory: Directory, _ flags: Int32) throws -> Descriptor {
        let flags = flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        func opened() throws -> Descriptor {
            let number = openat(directory.descriptor.number, name, flags)
            guard number >= 0 else { throw Errno.last("open") }
            return Descriptor(owning: number)
        }
        do { return try opened() } catch let error as Errno where error.code == EACCES {
            return try directory.withAccess(to: name, opened)
        }
    }

    private static func destination(_ name: Name, _ directory: Directory) throws -> [CChar] {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(directory.descriptor.number, name, &text, Int(PATH_MAX))
        guard count >= 0 else { throw Errno.last("readlink") }
        return Array(text.prefix(count)) + [0]
    }

    private static func bring(_ file: Descriptor, to wanted: stat) throws {
        let present = try file.status()
        if present.st_uid != wanted.st_uid || present.st_gid != wanted.st_gid {
            guard fchown(file.number, wanted.st_uid, wanted.st_gid) == 0 else { throw Errno.last("chown") }
        }
        guard fchmod(file.number, wanted.st_mode & 0o7777) == 0 else { throw Errno.last("chmod") }
        var times = [wanted.st_atim, wanted.st_mtim]
        guard futimens(file.number, &times) == 0 else { throw Errno.last("utimens") }
    }

    /// Whether two files hold the same bytes.
    static func isEqual(_ left: Descriptor, _ right: Descriptor) throws -> Bool {
        let size = try left.status().st_size
        guard try right.status().st_size == size else { return false }
        var place: off_t = 0
        while place < size {
            let one = try read(left, at: place, block)
            guard try one == read(right, at: place, block), !one.isEmpty else { return false }
            place += off_t(one.count)
        }
        return true
    }

    /// Copies what holds data, so that a hole stays one.
    static func copy(_ input: Descriptor, _ output: Descriptor, size: off_t) throws {
        guard ftruncate(output.number, size) == 0 else { throw Errno.last("ftruncate") }
        try input.forEachExtent(size: size) { extent in
            var place = extent.lowerBound
            while place < extent.upperBound {
                let bytes = try read(input, at: place, Int(min(extent.upperBound - place, off_t(block))))
                guard !bytes.isEmpty else { throw Errno(EIO, "read: the file was cut") }
                try write(bytes, output, at: place)
                place += off_t(bytes.count)
            }
        }
    }

    private static func read(_ file: Descriptor, at place: off_t, _ count: Int) throws -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var got: Int
            repeat { got = pread(file.number, buffer.baseAddress, count, place) } while got < 0 && errno == EINTR
            if got < 0 { failure = Errno.last("read") }
            filled = max(got, 0)
        }
        if let failure { throw failure }
        return bytes
    }

    private static func write(_ bytes: [UInt8], _ file: Descriptor, at place: off_t) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(file.number, $0.baseAddress.map { $0 + done }, bytes.count - done, place + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Errno.last("write") }
            done += count
        }
    }
}
