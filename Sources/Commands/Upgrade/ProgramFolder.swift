import Glibc
import LinuxIO

/// The three programs of a release, and what an upgrade keeps beside them in `.upgrade/`: the new ones until they are
/// in place, the old ones until nobody needs to return, and the journal.
///
/// Whoever may write here decides what runs, so nothing that steers an upgrade lies in the home.
struct ProgramFolder: Sendable {
    static let names = ["nanoclaw", "nanoclaw-sandbox", "agent-runner"]

    /// Absolute, no link in it.
    let path: String

    /// Where the upgrade keeps things.
    var work: String { "\(path)/.upgrade" }
    /// The new release's programs before they are in place.
    var new: String { "\(work)/new" }
    /// The programs to return to.
    var old: String { "\(work)/old" }

    init(path: String) { self.path = path }

    /// The programs of a release: a directory that holds them, or a checkout that was built.
    init(release: String) throws {
        let tried = [release, "\(release)/bin", "\(release)/.build-dist"]
        guard let found = tried.lazy.compactMap({ Self.real("\($0)/nanoclaw") }).first,
            let slash = found.lastIndex(of: "/")
        else {
            throw CommandFailure(
                .usage,
                "\(release) holds no programs: there is no nanoclaw in it, in its bin/ or in its .build-dist/; "
                    + "build the release first with ./nanoclaw.sh build"
            )
        }
        path = String(found[..<slash])
        for name in Self.names {
            var status = stat()
            guard stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                status.st_mode & 0o111 != 0
            else {
                throw CommandFailure(.failed, "\(path)/\(name) is missing or cannot be run: ./nanoclaw.sh build")
            }
        }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Opens `.upgrade/`, made if need be, for one upgrade at a time; throws when another one is under way.
    func enter() throws -> Directory {
        do {
            let here = try Directory(path: path)
            try here.makeDirectory(".upgrade", mode: 0o755)
            let work = try here.directory(".upgrade")
            guard try work.descriptor.status().st_uid == geteuid() else {
                throw CommandFailure(.failed, "\(self.work) belongs to somebody else: who upgraded here before?")
            }
            guard flock(work.descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
                throw CommandFailure(.failed, "another upgrade of \(path) is under way")
            }
            return work
        } catch let error as Errno {
            throw CommandFailure(.failed, "the programs in \(path) cannot be changed: \(error)")
        }
    }

    /// Copies a release's programs to ``new``: what is checked is what will run.
    func stage(_ release: ProgramFolder) throws {
        try copy(from: release.path, to: "new")
    }

    /// Copies the present programs to ``old``.
    func keep() throws { try copy(from: path, to: "old") }

    /// Whether ``new`` holds the very bytes that are in place.
    func isUnchanged() throws -> Bool {
        let (staged, present) = (try Directory(path: new), try Directory(path: path))
        return try Self.names.allSatisfy { name in
            try TreeMirror.isEqual(staged.open(name, O_RDONLY), present.open(name, O_RDONLY))
        }
    }

    /// Puts the programs of ``new`` or ``old`` into place, each in one step; may be repeated.
    ///
    /// A running host keeps the file that it was started from.
    func place(_ folder: String) throws {
        let (source, here) = (try Directory(path: folder), try Directory(path: path))
        for name in Self.names {
            let next = ".\(name).new"
            try Self.copy(name, source, here, as: next)
            guard renameat(here.descriptor.number, next, here.descriptor.number, name) == 0 else {
                throw Errno.last("rename \(path)/\(name)")
            }
            crashPoint("upgrade.program-placed")
        }
        try here.descriptor.synchronize()
    }

    /// Bytes that these programs take.
    var size: Int64 {
        Self.names.reduce(0) { sum, name in
            var status = stat()
            return stat("\(path)/\(name)", &status) == 0 ? sum + Int64(status.st_size) : sum
        }
    }

    private func copy(from: String, to folder: String) throws {
        let work = try Directory(path: work)
        try work.remove(folder)
        try work.makeDirectory(folder, mode: 0o755)
        let (source, target) = (try Directory(path: from), try work.directory(folder))
        for name in Self.names { try Self.copy(name, source, target, as: name) }
        try target.descriptor.synchronize()
    }

    private static func copy(_ name: String, _ source: Directory, _ target: Directory, as copy: String) throws {
        let input = try source.open(name, O_RDONLY)
        try target.remove(copy)
        let output = try target.create(copy, mode: 0o755)
        try TreeMirror.copy(input, output, size: off_t(try input.status().st_size))
        // Whatever the umask of this shell is.
        guard fchmod(output.number, 0o755) == 0 else { throw Errno.last("chmod \(name)") }
        try output.synchronize()
    }
}
