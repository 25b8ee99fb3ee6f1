import CLinux
package import Glibc

/// A directory held open, below which names are resolved without ever leaving it.
///
/// Every path goes through `openat2(2)` with BENEATH, NO_SYMLINKS and NO_MAGICLINKS: a symbolic link anywhere in it
/// answers ELOOP, a way out EXDEV. For trees that a sandbox can write.
package struct Directory: Sendable {
    package let descriptor: Descriptor

    /// Takes a descriptor of a directory.
    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Opens a directory of our own by its path; links in it are followed.
    package init(path: String) throws {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw Errno.last("open \(path)") }
        descriptor = Descriptor(owning: number)
    }

    /// Whether an absolute path, its links followed, leads through the directory `place`: who writes there chooses what it
    /// is.
    ///
    /// False for that directory itself, and where nothing stands at `place` or nobody here reaches it; throws ``Errno``.
    package static func leads(_ path: String, through place: String) throws -> Bool {
        try Errno.check(clinux_leads_through(path, place), "follow \(path) past \(place)") == 1
    }

    static let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

    /// Opens what stands at a relative path.
    ///
    /// `flags` as for open(2); CLOEXEC, NOFOLLOW, NONBLOCK and NOCTTY are added.
    package func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws -> Descriptor {
        let flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        var number = clinux_openat2(descriptor.number, path, UInt64(flags), UInt64(mode), Self.resolve)
        if number == -ENOSYS { number = walk(path, flags, mode) }
        return Descriptor(owning: try Errno.check(number, "open \(path)"))
    }

    /// The same where a sandbox's filter has no openat2: name by name, no link followed, never upward.
    private func walk(_ path: String, _ flags: Int32, _ mode: UInt32) -> Int32 {
        let names = path.split(separator: "/").map(String.init)
        guard let last = names.last else { return -ENOENT }
        guard !path.hasPrefix("/"), !names.contains("..") else { return -EXDEV }
        var place = descriptor
        for name in names.dropLast() {
            let next = openat(place.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { return -errno }
            place = Descriptor(owning: next)
        }
        let number = openat(place.number, last, flags, mode)
        return number < 0 ? -errno : number
    }

    /// Opens a directory beneath this one.
    package func directory(_ path: String) throws -> Directory {
        Directory(try open(path, O_RDONLY | O_DIRECTORY))
    }

    /// Opens a file to read: regular, with one link, of at most `limit` bytes; throws EINVAL, EMLINK or EFBIG otherwise.
    package func file(_ path: String, limit: Int) throws -> Descriptor {
        let file = try open(path, O_RDONLY)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(EINVAL, "open \(path): no regular file") }
        guard status.st_nlink == 1 else { throw Errno(EMLINK, "open \(path): more than one link") }
        guard status.st_size <= limit else { throw Errno(EFBIG, "open \(path): over \(limit) bytes") }
        return file
    }

    /// The whole of such a file.
    package func contents(_ path: String, limit: Int) throws -> [UInt8] {
        try file(path, limit: limit).readAll(limit: limit)
    }

    /// Makes a directory of that one name here; says false when one stands there already.
    @discardableResult
    package func makeDirectory(_ name: String, mode: UInt32 = 0o700) throws -> Bool {
        if mkdirat(descriptor.number, name, mode) == 0 { return true }
        guard errno == EEXIST else { throw Errno.last("mkdir \(name)") }
        return false
    }

    /// Makes a file that must not exist yet, to write.
    package func create(_ name: String, mode: UInt32 = 0o600) throws -> Descriptor {
        try open(name, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    /// Puts a file into place whole: temporary name, fsync, rename, fsync of this directory; with this mode whatever the umask
    /// is.
    package func replace(_ name: String, with bytes: some Collection<UInt8>, mode: UInt32 = 0o600) throws {
        let temporary = ".\(name).new"
        unlinkat(descriptor.number, temporary, 0)
        let file = try create(temporary, mode: mode)
        guard fchmod(file.number, mode) == 0 else { throw Errno.last("chmod \(name)") }
        try file.write(bytes)
        try file.synchronize()
        guard renameat(descriptor.number, temporary, descriptor.number, name) == 0 else {
            throw Errno.last("rename \(name)")
        }
        try descriptor.synchronize()
    }

    /// The names in this directory, sorted, without `.` and `..`; throws E2BIG past `limit`.
    package func names(limit: Int = 100_000) throws -> [String] {
        var names: [String] = []
        try forEachName(limit: limit) { names.append(String(cString: $0)) }
        return names.sorted()
    }

    /// Visits each name as the bytes that it is, which need not be UTF-8.
    private func forEachName(limit: Int, _ visit: (UnsafePointer<CChar>) throws -> Void) throws {
        let copy = try open(".", O_RDONLY | O_DIRECTORY)
        let number = dup(copy.number)
        guard number >= 0, let stream = fdopendir(number) else { throw Errno.last("fdopendir") }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            try withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                try pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                    count += 1
                    guard count <= limit else { throw Errno(E2BIG, "readdir") }
                    try visit(name)
                }
            }
        }
    }

    /// One name in a directory, kept as its bytes: a sandbox may have chosen some that are no UTF-8.
    package struct Entry: Sendable {
        fileprivate let bytes: [CChar]
        /// The name as a text: to show, and to compare with names of ours.
        package let name: String
        /// When what stands there changed last, in milliseconds since 1970: the kernel's `ctime`, which nobody can set.
        package let changed: Int64
    }

    /// What stands in this directory, sorted by name; of a larger one the `limit` entries that the kernel lists first.
    package func entries(limit: Int = 10_000) throws -> [Entry] {
        var entries: [Entry] = []
        do {
            try forEachName(limit: limit) { name in
                var status = stat()
                guard fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
                entries.append(
                    Entry(
                        bytes: Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1)),
                        name: String(cString: name),
                        changed: Int64(status.st_ctim.tv_sec) * 1000 + Int64(status.st_ctim.tv_nsec) / 1_000_000
                    )
                )
            }
        } catch let error as Errno where error.code == E2BIG {}
        return entries.sorted { $0.name < $1.name }
    }

    /// Removes what stands under an entry's name now, as ``remove(_:budget:)`` does; takes what it removes off the budget.
    package func remove(_ entry: Entry, budget: inout Int) throws { try remove(entry.bytes, depth: 0, budget: &budget) }

    /// What stands under that name itself, a link not followed; nil when nothing does.
    package func status(_ name: String) throws -> stat? {
        var status = stat()
        if fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        guard errno == ENOENT else { throw Errno.last("stat \(name)") }
        return nil
    }

    /// Removes what stands under a name, a tree with all below it; links are removed, never followed.
    ///
    /// At most `budget` entries, 64 levels deep: of a larger tree so many go before it throws E2BIG. Throws EINVAL for
    /// what is no single name: it would lead elsewhere.
    package func remove(_ name: String, budget: Int = 100_000) throws {
        guard !name.isEmpty, ![".", ".."].contains(name), !name.utf8.contains(UInt8(ascii: "/")) else {
            throw Errno(EINVAL, "remove \(name)")
        }
        var budget = budget
        try remove(Array(name.utf8CString), depth: 0, budget: &budget)
    }

    /// The name as its bytes: somebody in a sandbox may have chosen ones that are no UTF-8.
    private func remove(_ name: [CChar], depth: Int, budget: inout Int) throws {
        let shown = { String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        budget -= 1
        guard budget >= 0, depth < 64 else { throw Errno(E2BIG, "remove \(shown())") }
        var status = stat()
        guard fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw Errno.last("stat \(shown())") }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlinkat(descriptor.number, name, 0) == 0 || errno == ENOENT else {
                throw Errno.last("unlink \(shown())")
            }
            return
        }
        // One name below a directory that is held: it cannot lead elsewhere, and a link is not followed.
        let number = openat(descriptor.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { throw Errno.last("open \(shown())") }
        let child = Directory(Descriptor(owning: number))
        var entries: [[CChar]] = []
        do {
            try child.forEachName(limit: budget + 1) {
                entries.append(Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)))
            }
        } catch let error as Errno where error.code == E2BIG {}
        for entry in entries { try child.remove(entry, depth: depth + 1, budget: &budget) }
        guard unlinkat(descriptor.number, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw Errno.last("rmdir \(shown())")
        }
    }
}
