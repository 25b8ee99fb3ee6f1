import BackupArchive
import Core
import Glibc
import LinuxIO

/// Writes the entries of a backup below a directory; each is made anew, and no link is followed.
struct HomeExtraction: ArchiveVisitor {
    private let root: Directory
    private let owners: HomeOwners
    private var parent: (path: String, directory: Directory)?
    private var file: Descriptor?
    /// Closed at last: what is in them changes their times, and may be more than their modes allow.
    private var directories: [ArchiveEntry] = []

    init(into root: Directory, owners: HomeOwners) {
        self.root = root
        self.owners = owners
    }

    mutating func begin(_ entry: ArchiveEntry) throws {
        file = nil
        guard !entry.path.hasPrefix("nanoclaw-") else { return }
        let (place, name) = try place(of: entry.path)
        switch entry.kind {
        case .file: file = try place.create(name)
        case .directory:
            try place.makeDirectory(name)
            directories.append(entry)
        case .link(let target):
            guard symlinkat(target, place.descriptor.number, name) == 0 else { throw Errno.last("link \(entry.path)") }
            guard let owner = owners.owner(of: entry.path) else { return }
            guard fchownat(place.descriptor.number, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw Errno.last("chown \(entry.path)")
            }
        }
    }

    mutating func take(_ bytes: [UInt8]) throws { try file?.write(bytes) }

    mutating func end(_ entry: ArchiveEntry) throws {
        if let file { try finish(file, entry) }
        file = nil
    }

    /// Gives the directories their modes and times, and brings everything to the disk.
    mutating func close() throws {
        for entry in directories.reversed() { try finish(try root.directory(entry.path).descriptor, entry) }
        sync()
    }

    private func finish(_ object: Descriptor, _ entry: ArchiveEntry) throws {
        if let owner = owners.owner(of: entry.path) {
            guard fchown(object.number, owner.uid, owner.gid) == 0 else { throw Errno.last("chown \(entry.path)") }
        }
        let time = timespec(tv_sec: Int(entry.modified), tv_nsec: 0)
        guard fchmod(object.number, entry.mode) == 0, futimens(object.number, [time, time]) == 0 else {
            throw Errno.last("chmod \(entry.path)")
        }
    }

    private mutating func place(of path: String) throws -> (Directory, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (root, path) }
        let folder = String(path[..<slash])
        if parent?.path != folder { parent = (folder, try root.directory(folder)) }
        return (parent?.directory ?? root, String(path[path.index(after: slash)...]))
    }
}

/// Who is to own what in a restored home.
struct HomeOwners {
    /// Of the home and all in it; nil: the caller, without root.
    let home: FileOwner?
    /// Of what sandboxes write, where that is another.
    let service: FileOwner?

    func owner(of path: String) -> FileOwner? {
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") }
        let isOfSandbox = path.hasPrefix("groups/") || path.hasPrefix("data/sessions/") && depth > 2
        return isOfSandbox ? service ?? home : home
    }
}
