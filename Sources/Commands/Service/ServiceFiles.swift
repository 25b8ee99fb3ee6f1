import Glibc
import LinuxIO

/// Puts files where a service has them; what is there already as it should be is left alone.
struct ServiceFiles: Sendable {
    /// Before every path; empty: the machine itself.
    let root: String
    private(set) var changes: [String] = []

    init(root: String) { self.root = root }

    /// A file with this text and mode; the old one is replaced in one step.
    mutating func put(_ text: String, at path: String, mode: UInt32) throws {
        try put(Array(text.utf8), at: path, mode: mode)
    }

    mutating func put(_ bytes: [UInt8], at path: String, mode: UInt32) throws {
        let (folder, name) = Self.split(path)
        let directory = try makeFolder(folder)
        if let status = try directory.status(name), status.st_mode & S_IFMT == S_IFREG,
            status.st_mode & 0o7777 == mode, status.st_size == bytes.count, status.st_uid == geteuid(),
            try directory.contents(name, limit: 1 << 30) == bytes
        {
            return
        }
        try directory.replace(name, with: bytes, mode: mode)
        changes.append("wrote \(root)\(path)")
    }

    /// Removes a file; one that is not there is no error.
    mutating func remove(_ path: String) throws {
        guard unlink(root + path) == 0 else {
            if errno == ENOENT { return }
            throw Errno.last("unlink \(root)\(path)")
        }
        changes.append("removed \(root)\(path)")
    }

    mutating func note(_ change: String) { changes.append(change) }

    /// The text of a file of at most 64 KiB; nil when there is none.
    func text(_ path: String) throws -> String? {
        let (folder, name) = Self.split(path)
        guard access(root + path, F_OK) == 0 else { return nil }
        do {
            return String(decoding: try Directory(path: root + folder).contents(name, limit: 1 << 16), as: UTF8.self)
        } catch {
            throw CommandFailure(
                .failed,
                "\(root)\(path) cannot be read: \(error); put it right, or remove it with rm \(ShellText.quoted(root + path))"
            )
        }
    }

    private func makeFolder(_ path: String) throws -> Directory {
        var whole = root
        for part in path.split(separator: "/") {
            whole += "/\(part)"
            guard mkdir(whole, 0o755) == 0 || errno == EEXIST else { throw Errno.last("mkdir \(whole)") }
        }
        return try Directory(path: whole)
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        let parts = path.split(separator: "/").map(String.init)
        return ("/" + parts.dropLast().joined(separator: "/"), parts.last ?? "")
    }
}
