import Glibc

extension Directory {
    /// Runs `body` while what stands under that one name can be read, although its mode keeps its owner out: a file of the
    /// caller's own has 0400 for that long, a directory 0500.
    ///
    /// For trees of an agent that has the caller's uid. Nothing else is changed, and what `body` opens under the name is
    /// for it to judge: it need not be the same any more.
    package func withAccess<Result>(to name: UnsafePointer<CChar>, _ body: () throws -> Result) throws -> Result {
        // O_PATH, which Swift does not import: needs no right to what it opens, and sets the mode of that alone.
        let number = openat(descriptor.number, name, 0o10_000_000 | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { throw Errno.last("open \(String(cString: name))") }
        let found = Descriptor(owning: number)
        let status = try found.status()
        let kind = status.st_mode & S_IFMT
        let needed: mode_t = kind == S_IFDIR ? 0o500 : kind == S_IFREG ? 0o400 : 0
        guard geteuid() != 0, status.st_uid == geteuid(), status.st_mode & needed != needed else { return try body() }
        let path = "/proc/self/fd/\(number)"
        let closed = status.st_mode & 0o7777
        guard chmod(path, closed | needed) == 0 else { return try body() }
        defer {
            withExtendedLifetime(found) {
                // Whoever has changed it meanwhile has the last word.
                let mode = (try? found.status())?.st_mode ?? 0
                if mode & 0o777 == (closed | needed) & 0o777 { chmod(path, closed) }
            }
        }
        return try body()
    }
}
