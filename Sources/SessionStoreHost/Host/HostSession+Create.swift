import Core
import Glibc
package import LinuxIO
package import SessionStore

extension HostSession {
    /// Makes a session's folder, its directories and both databases with their full schema.
    ///
    /// What is there already is kept, and all of it is brought to the owner. Blocks on the disk: call it on
    /// ``StoreExecutors``.
    package static func create(_ folder: SessionFolder, owner: FileOwner?) throws {
        do {
            let root = try makeDirectories(folder.path, owner: owner)
            for name in ["inbound", "outbound", "state"] { try make(name, in: root, owner: owner) }
            crashPoint("session.folders-made")
            let inbound = try root.directory("inbound")
            let outbound = try root.directory("outbound")
            try make("inbox", in: inbound, owner: owner)
            try make("outbox", in: outbound, owner: owner)
            if try root.status("lock") == nil { _ = try root.create("lock") }
            try Ownership.bring("lock", in: root, to: owner)
            try makeDatabase(.inbound, in: inbound, of: folder, root, owner: owner)
            crashPoint("session.inbound-made")
            try makeDatabase(.outbound, in: outbound, of: folder, root, owner: owner)
            crashPoint("session.outbound-made")
            try root.descriptor.synchronize()
        } catch let error as Errno {
            throw StoreError(files: error, "create \(folder.path)")
        }
    }

    /// Opens a directory, made when it is missing with those above it; only the last one is brought to the owner.
    private static func makeDirectories(_ path: String, owner: FileOwner?) throws -> Directory {
        if let present = try? Directory(path: path) {
            try Ownership.bring(".", in: present, to: owner)
            return present
        }
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return try Directory(path: path) }
        let parent = try makeDirectories(String(path[..<slash]), owner: nil)
        let name = String(path[path.index(after: slash)...])
        try make(name, in: parent, owner: owner)
        return try parent.directory(name)
    }

    static func make(_ name: String, in parent: Directory, owner: FileOwner?) throws {
        if try parent.makeDirectory(name) { try parent.descriptor.synchronize() }
        try Ownership.bring(name, in: parent, to: owner)
    }

    /// Builds the file in the session's folder, where no sandbox can reach it, and moves it into place whole.
    static func makeDatabase(
        _ schema: SessionSchema,
        in directory: Directory,
        of folder: SessionFolder,
        _ root: Directory,
        owner: FileOwner?
    ) throws {
        if try directory.status(schema.name) == nil {
            let temporary = schema.name + ".new"
            for name in [temporary, temporary + "-journal"] { try root.remove(name) }
            let database = try Connection(path: "\(folder.path)/\(temporary)", .create, busyTimeout: 0)
            defer { database.close() }
            try schema.migrate(database)
            database.close()
            try root.remove(temporary + "-journal")
            try Ownership.bring(temporary, in: root, to: owner)
            crashPoint("session.database-built")
            guard renameat(root.descriptor.number, temporary, directory.descriptor.number, schema.name) == 0 else {
                throw Errno.last("rename \(temporary)")
            }
            try directory.descriptor.synchronize()
        } else {
            try Ownership.bring(schema.name, in: directory, to: owner)
        }
    }
}

extension StoreError {
    /// The error of a file operation.
    init(files error: Errno, _ action: String) {
        let code: Code =
            switch error.code {
            case ENOSPC, EDQUOT: .diskFull
            case EIO: .inputOutput
            case EROFS, EACCES, EPERM: .readOnly
            default: .files
            }
        self.init(code, "\(action): \(error)", cause: error)
    }
}
