import BackupArchive
import CentralStore
import Core
import Glibc
import LinuxIO
import SessionStoreHost

/// Writes what a home holds into a backup: each conversation at one moment, and the central database at last.
///
/// Of a session `outbound.db` comes first and `inbound.db` after what the runner's rows name: a file that is gone by then
/// belongs to a row that `inbound.db` has as delivered, and what was recorded after the first copy is known to the second.
struct HomeWalk {
    let home: Directory
    let writer: ArchiveWriter
    /// The backup itself.
    let output: stat
    private(set) var leftOut: [LeftOut] = []
    /// Bytes of holes in files that may still be written out as zeros: holes take no room in the home, where nothing
    /// bounds them, and all of it in the backup.
    private var holes: Int

    /// Begins at a home; `holes` bounds what is written out of all sparse files' holes, in bytes.
    init(home: String, writer: ArchiveWriter, output: Descriptor, holes: Int = 1 << 30) throws {
        self.home = try Directory(path: home)
        self.holes = holes
        self.writer = writer
        self.output = try output.status()
    }

    /// Writes everything; `central` gives the bytes of the central database.
    mutating func run(central: () throws -> [UInt8], now: Timestamp) throws {
        for name in ["config.yaml", "groups"] { try add(name, in: home, "") }
        let data = try home.directory("data")
        try writer.add(Self.entry("data", .directory, try data.descriptor.status()))
        for name in try data.names(limit: .max) {
            switch name {
            // Of the running host, made anew, or copied below.
            case "nanoclaw.sock", "host.lock", "reserve", "composed", "upgrades", ServedMark.name, "media": break
            case _ where name.hasPrefix("nanoclaw.db"): break
            case _ where name.hasPrefix("traces.db"):
                if name == "traces.db" { leave("data/\(name)", LeftOut.traces) }
            case "logs": leave("data/logs", LeftOut.output)
            case "credentials":
                for key in try data.directory(name).names() { leave("data/credentials/\(key)", LeftOut.key) }
            // Keys of encrypted chats among them; the account is added anew after a restore.
            case "channels":
                for account in try data.directory(name).names() { leave("data/channels/\(account)", LeftOut.key) }
            default: try add(name, in: data, "data/")
            }
        }
        try writer.add("data/nanoclaw.db", try central(), modified: now.milliseconds / 1000)
    }

    private mutating func leave(_ path: String, _ reason: String) {
        leftOut.append(LeftOut(path: path, reason: reason))
    }

    /// Adds what stands under a name, whatever it is; what has gone meanwhile is no part of the home any more.
    private mutating func add(_ name: String, in parent: Directory, _ prefix: String) throws {
        let path = prefix + name
        do {
            guard let status = try parent.status(name) else {
                // A name that is no UTF-8 was repaired on its way here, and so is not found.
                if name.contains("\u{FFFD}") { leave(path, "its name is no UTF-8") }
                return
            }
            if let reason = EntryRules.refusal(of: path) { return leave(path, reason) }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                guard status.st_ino != output.st_ino || status.st_dev != output.st_dev else { return }
                try parent.withAccess(to: name) { try addFile(try parent.open(name, O_RDONLY), path, status) }
            case S_IFDIR:
                try parent.withAccess(to: name) { try addDirectory(try parent.directory(name), path, status) }
            case S_IFLNK: try addLink(name, in: parent, path, status)
            case S_IFSOCK: leave(path, LeftOut.socket)
            case S_IFIFO: leave(path, LeftOut.pipe)
            default: leave(path, LeftOut.device)
            }
        } catch let error as Errno {
            switch error.code {
            case ENOENT: return
            // Each can be of an agent's making: a long name is one that is no UTF-8, EAGAIN a lease on the file.
            case EACCES, EPERM, ELOOP, ENXIO, EXDEV, ENOTDIR, ENAMETOOLONG, EAGAIN:
                leave(path, "it cannot be read: \(error)")
            default: throw CommandFailure(.failed, "\(path) cannot be read: \(error)")
            }
        }
    }

    /// `seen` is what stood there, with the mode that it is to have.
    private mutating func addFile(_ file: Descriptor, _ path: String, _ seen: stat) throws {
        do {
            var status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG else { return leave(path, "it is no regular file") }
            let isSparse = status.st_blocks * 512 < status.st_size
            let found = isSparse ? file.holes(size: Int(status.st_size)) : 0
            guard found <= holes else {
                let most = "\(found) bytes of holes, more than a backup has room for"
                return leave(path, "it is sparse, with \(most): `cp --sparse=never` fills them")
            }
            holes -= found
            status.st_mode = seen.st_mode
            try writer.add(path, file, as: status)
        } catch let error as Errno {
            // Part of it may be written: it cannot be left out any more.
            throw CommandFailure(.failed, "\(path) cannot be read: \(error)")
        }
    }

    private mutating func addDirectory(_ directory: Directory, _ path: String, _ seen: stat) throws {
        guard path != "data/sessions/\(Self.scratch)" else { return }
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        let names = try directory.names(limit: .max)
        try writer.add(Self.entry(path, .directory, seen))
        let isSession = depth == 3 && path.hasPrefix("data/sessions/")
        let databases = ["outbound", "inbound"].filter { path.hasPrefix("data/sessions/") && path.hasSuffix("/\($0)") }
        if depth == 4, let database = databases.first {
            try addDatabase("\(database).db", in: directory, path)
            for name in names where !name.hasPrefix("\(database).db") { try add(name, in: directory, path + "/") }
        } else {
            let first = isSession ? ["outbound", "state", "inbound"].filter(names.contains) : []
            for name in first + names.filter({ !first.contains($0) }) { try add(name, in: directory, path + "/") }
        }
    }

    private static let scratch = "scratch"

    private mutating func addDatabase(_ name: String, in directory: Directory, _ folder: String) throws {
        let path = "\(folder)/\(name)"
        guard let status = try directory.status(name) else { return }
        func put(_ path: String, _ bytes: [UInt8]) throws {
            try writer.add(path, bytes, mode: status.st_mode, modified: Int64(status.st_mtim.tv_sec))
        }
        let copy: DatabaseCopy
        do {
            copy = try directory.withAccess(to: name) { try DatabaseCopy(name, in: directory) }
        } catch let error as Errno {
            copy = .refused("it cannot be read: \(error)")
        }
        switch copy {
        case .whole(let bytes): try put(path, bytes)
        case .hot(let bytes, let journal):
            try put(path, bytes)
            try put(path + "-journal", journal)
        case .absent: break
        // A runner's own file may be anything, and the host sets it aside. One of the host's is a conversation.
        case .refused(let reason) where name == "outbound.db": leave(path, reason)
        case .refused(let reason):
            throw CommandFailure(
                .failed,
                "\(path) cannot be saved: \(reason); `nanoclaw doctor` tells more. No backup was made"
            )
        }
    }

    private mutating func addLink(_ name: String, in parent: Directory, _ path: String, _ status: stat) throws {
        var bytes = [CChar](repeating: 0, count: 4097)
        let count = readlinkat(parent.descriptor.number, name, &bytes, bytes.count)
        guard count >= 0 else { throw Errno.last("readlink \(name)") }
        guard let target = String(validating: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
            return leave(path, "a symbolic link to an odd place")
        }
        if let reason = EntryRules.refusal(of: target, from: path) { return leave(path, reason) }
        try writer.add(Self.entry(path, .link(target), status))
    }

    private static func entry(_ path: String, _ kind: ArchiveEntry.Kind, _ status: stat) -> ArchiveEntry {
        ArchiveEntry(path: path, kind: kind, mode: status.st_mode, modified: Int64(status.st_mtim.tv_sec))
    }
}
