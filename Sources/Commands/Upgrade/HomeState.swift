import CentralStore
import Core
import GRDB
import Glibc
import LinuxIO
import SessionStore

/// What of a home an upgrade copies, saves and puts back: `config.yaml`, `groups/` and `data/` without logs, lock,
/// socket, reserve and what upgrades keep there.
struct HomeState: Sendable {
    let home: String

    /// Folders of the home, and what of each is left out.
    private static let parts: [(name: String, left: Set<String>)] = [
        ("groups", []),
        ("data", ["logs", "upgrades", "host.lock", "nanoclaw.sock", "reserve", ServedMark.name]),
    ]

    /// The folder of one upgrade's things in the home, `data/upgrades/<id>`, made if need be.
    func folder(_ id: String) throws -> Directory {
        let upgrades = try upgrades()
        try upgrades.makeDirectory(id)
        return try upgrades.directory(id)
    }

    /// Takes away what says that a host has served; no host runs, or no upgrade is open.
    func forgetServed() throws { try ServedMark.clear(part("data")) }

    /// `data/upgrades`, for this user alone but for the mark in it, which the host of another user reads.
    func upgrades() throws -> Directory {
        let data = try part("data")
        try data.makeDirectory("upgrades")
        let upgrades = try data.directory("upgrades")
        guard try upgrades.descriptor.status().st_uid == geteuid() else {
            throw CommandFailure(
                .failed,
                "\(home)/data/upgrades belongs to somebody else: look what it is, then rm -r \(home)/data/upgrades"
            )
        }
        guard fchmod(upgrades.descriptor.number, 0o711) == 0 else { throw Errno.last("chmod \(home)/data/upgrades") }
        return upgrades
    }

    /// A folder of the home.
    ///
    /// Where the home is another user's, no link of theirs leads us elsewhere.
    private func part(_ name: String) throws -> Directory {
        let root = try Directory(path: home)
        return try root.descriptor.status().st_uid == geteuid()
            ? Directory(path: "\(home)/\(name)") : root.directory(name)
    }

    /// Bytes on the disk of all that is saved.
    func size() -> Int64 {
        let tree = TreeMirror()
        return Self.parts.reduce(0) { sum, part in
            (try? self.part(part.name)).map { sum + tree.size($0, skipping: part.left) } ?? sum
        }
    }

    /// Bytes on the disk of what a check needs.
    func checkedSize() -> Int64 {
        let tree = TreeMirror()
        let folders = ["data/sessions"].compactMap { try? Directory(path: "\(home)/\($0)") }
        let files = [CentralStore.path(home: home), TraceStore.path(home: home)].map { path -> Int64 in
            var status = stat()
            return stat(path, &status) == 0 ? Int64(status.st_size) : 0
        }
        return folders.reduce(files.reduce(0, +)) { $0 + tree.size($1) }
    }

    // MARK: - Saving and putting back

    /// Makes the saved state equal to the home's; no host runs.
    func save(to saved: Directory) throws {
        let tree = TreeMirror()
        try tree.mirror("config.yaml", Directory(path: home), saved)
        for (name, left) in Self.parts where access("\(home)/\(name)", F_OK) == 0 {
            try saved.makeDirectory(name)
            crashPoint("upgrade.saving")
            try tree.mirror(part(name), saved.directory(name), skipping: left)
        }
        // More than ours, but one call for any number of files.
        sync()
    }

    /// Makes the home's state equal to the saved one; no host runs.
    func putBack(from saved: Directory) throws {
        let tree = TreeMirror()
        try tree.mirror("config.yaml", saved, Directory(path: home))
        for (name, left) in Self.parts where try saved.status(name) != nil {
            try tree.mirror(saved.directory(name), part(name), skipping: left)
            crashPoint("upgrade.part-back")
        }
        sync()
    }

    // MARK: - A copy to try a release on

    /// Copies settings and databases to a home of its own, also beside a host that runs; answers how many sessions.
    func copy(to copy: String, isRunning: Bool) throws -> Int {
        var status = stat()
        guard stat(home, &status) == 0 else { throw Errno.last("stat \(home)") }
        for path in [copy, "\(copy)/data", "\(copy)/data/sessions"] {
            guard mkdir(path, 0o700) == 0 else { throw Errno.last("mkdir \(path)") }
        }
        try TreeMirror().mirror("config.yaml", Directory(path: home), Directory(path: copy))
        for path in [CentralStore.path, TraceStore.path] where access(path(home), F_OK) == 0 {
            try Self.backUp(path(home), to: path(copy))
        }
        var count = 0
        for group in try Self.names("\(home)/data/sessions") where group != "scratch" {
            for session in try Self.names("\(home)/data/sessions/\(group)") {
                let folder = SessionFolder(path: "\(home)/data/sessions/\(group)/\(session)")
                guard access(folder.inboundDatabase, F_OK) == 0 else { continue }
                try Self.copy(folder, to: "\(copy)/data/sessions/\(group)/\(session)", isRunning: isRunning)
                count += 1
            }
        }
        // Sandboxes belong to the owner of the home also when they are tried.
        guard geteuid() != 0 || chown(copy, status.st_uid, status.st_gid) == 0 else { throw Errno.last("chown") }
        return count
    }

    private static func names(_ path: String) throws -> [String] {
        guard access(path, F_OK) == 0 else { return [] }
        return try Directory(path: path).names(limit: 10_000_000)
    }

    private static func backUp(_ path: String, to copy: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let source = try DatabaseQueue(path: path, configuration: configuration)
        let target = try DatabaseQueue(path: copy)
        try source.backup(to: target)
        try target.close()
        try source.close()
    }

    private static func copy(_ folder: SessionFolder, to path: String, isRunning: Bool) throws {
        let copy = SessionFolder(path: path)
        var made = ""
        for part in copy.inbound.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Errno.last("mkdir \(made)") }
        }
        guard mkdir(copy.outbound, 0o700) == 0 else { throw Errno.last("mkdir \(copy.outbound)") }
        if isRunning {
            let database = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 5000)
            defer { database.close() }
            // Nobody needs this copy after a power cut.
            try database.execute("PRAGMA synchronous=OFF")
            try database.run("VACUUM INTO ?", copy.inboundDatabase)
        } else {
            let (source, target) = (try Directory(path: folder.inbound), try Directory(path: copy.inbound))
            for name in ["inbound.db", "inbound.db-journal"] { try TreeMirror().mirror(name, source, target) }
        }
        // A runner may be writing it: only its header is looked at.
        if let source = try? Directory(path: folder.outbound) {
            try TreeMirror().mirror("outbound.db", source, Directory(path: copy.outbound))
        }
    }
}
