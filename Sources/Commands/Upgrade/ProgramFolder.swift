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

    /// Keeps the present programs as ``old``: programs are replaced, never written to.
    func keep() throws { try copy(from: path, to: "old", isOurs: true) }

    /// Whether ``new`` holds the very bytes that are in place.
    func isUnchanged() throws -> Bool {
        let (staged, present) = (try Directory(path: new), try Directory(path: path))
        return try Self.names.allSatisfy { name in
            try TreeMirror.isEqual(staged.open(name, O_RDONLY), present.open(name, O_RDONLY))
        }
    }

    /// Moves the programs of ``new`` into place, each in one step; what was moved before is left alone.
    ///
    /// A running host keeps the file that it was started from.
    func placeNew() throws {
        try place(from: new) { staged, here, name in
            guard try staged.status(name) != nil else { return }
            guard renameat(staged.descriptor.number, name, here.descriptor.number, name) == 0 else {
                throw Errno.last("rename \(path)/\(name)")
            }
        }
    }

    /// Puts the programs of ``old`` into place, which keeps them; may be repeated.
    func placeOld() throws {
        try place(from: old) { kept, here, name in
            let next = ".\(name).new"
            try Self.link(name, kept, here, as: next)
            guard renameat(here.descriptor.number, next, here.descriptor.number, name) == 0 else {
                throw Errno.last("rename \(path)/\(name)")
            }
            // Two names of one file are not renamed.
            try here.remove(next)
        }
    }

    private func place(from folder: String, _ put: (Directory, Directory, String) throws -> Void) throws {
        let (source, here) = (try Directory(path: folder), try Directory(path: path))
        for name in Self.names {
            try put(source, here, name)
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

    private func copy(from: String, to folder: String, isOurs: Bool = false) throws {
        let work = try Directory(path: work)
        try work.remove(folder)
        try work.makeDirectory(folder, mode: 0o755)
        let (source, target) = (try Directory(path: from), try work.directory(folder))
        for name in Self.names {
            try isOurs ? Self.link(name, source, target, as: name) : Self.copy(name, source, target, as: name)
        }
        try target.descriptor.synchronize()
    }

    /// A second name for the file, or a copy where it cannot have one.
    private static func link(_ name: String, _ source: Directory, _ target: Directory, as other: String) throws {
        try target.remove(other)
        if linkat(source.descriptor.number, name, target.descriptor.number, other, 0) == 0 { return }
        try copy(name, source, target, as: other)
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
