import Core
import Glibc
import LinuxIO

/// The keys of model providers: `<home>/data/credentials/<name>`, one file each, mode 0600, or the environment variable
/// `NANOCLAW_KEY_<NAME>`, which wins.
///
/// They are read for each use, and never printed or logged.
package struct Credentials: Sendable {
    /// Longest key, in bytes.
    static let maximumLength = 8192

    private let path: String
    private let environment: @Sendable (String) -> String?

    /// The keys below this directory, which is made at the first ``store(_:_:)``.
    package init(
        directory: String,
        environment: @escaping @Sendable (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) {
        path = directory
        self.environment = environment
    }

    /// The environment variable of a provider: `my-server` has `NANOCLAW_KEY_MY_SERVER`.
    package static func variable(for name: String) -> String {
        "NANOCLAW_KEY_" + name.uppercased().map { $0 == "-" ? "_" : $0 }
    }

    /// The provider's key, or nil when it has none.
    ///
    /// Throws ``EgressError`` when the file is a link, is readable for others, belongs to somebody else or holds no key.
    package func key(for name: String) throws -> String? {
        try Self.check(name)
        let variable = Self.variable(for: name)
        if let value = environment(variable), !value.isEmpty {
            return try Self.checked(Array(value.utf8), at: "the environment variable \(variable)")
        }
        let place = "\(path)/\(name)"
        do {
            guard let directory = try? Directory(path: path), try directory.status(name) != nil else { return nil }
            let file = try directory.file(name, limit: Self.maximumLength + 2)
            let status = try file.status()
            guard status.st_mode & 0o077 == 0 else {
                throw EgressError(.credential, "\(place) is open to other users: chmod 600 \(place)")
            }
            let owner = try directory.descriptor.status().st_uid
            guard status.st_uid == geteuid() || status.st_uid == owner else {
                throw EgressError(.credential, "\(place) belongs to user \(status.st_uid): chown \(owner) \(place)")
            }
            return try Self.checked(try file.readAll(limit: Self.maximumLength + 2), at: place)
        } catch let error as Errno {
            throw EgressError(.credential, "\(place) cannot be read: \(error)", cause: error)
        }
    }

    /// Reads a key from a file of the operator's; white space at its ends goes.
    ///
    /// Throws ``EgressError`` for what is no regular file of at most 8 KiB: a pipe would hold up the host.
    package static func read(_ file: String) throws -> ProviderKey {
        do {
            let number = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
            guard number >= 0 else { throw Errno.last("open") }
            let descriptor = Descriptor(owning: number)
            guard try descriptor.status().st_mode & S_IFMT == S_IFREG else {
                throw EgressError(.credential, "\(file) is no regular file: put the key into one.")
            }
            return ProviderKey(text: try checked(try descriptor.readAll(limit: maximumLength + 2), at: file))
        } catch let error as Errno {
            throw EgressError(.credential, "The key file \(file) cannot be read: \(error)", cause: error)
        }
    }

    /// Keeps a key, whole or not at all, mode 0600.
    package func store(_ name: String, _ key: ProviderKey) throws {
        try Self.check(name)
        do {
            if mkdir(path, 0o700) < 0, errno != EEXIST { throw Errno.last("mkdir \(path)") }
            let directory = try Directory(path: path)
            try directory.replace(name, with: Array(key.text.utf8), mode: 0o600)
        } catch let error as Errno {
            throw EgressError(.credential, "The key cannot be kept at \(path)/\(name): \(error)", cause: error)
        }
    }

    /// Forgets a provider's key; nothing happens when it has none.
    package func remove(_ name: String) throws {
        try Self.check(name)
        do {
            guard let directory = try? Directory(path: path) else { return }
            try directory.remove(name)
            try directory.descriptor.synchronize()
        } catch let error as Errno {
            throw EgressError(.credential, "\(path)/\(name) cannot be removed: \(error)", cause: error)
        }
    }

    private static func check(_ name: String) throws {
        guard PathSegment.isIdentifier(name) else {
            throw EgressError(
                .invalid,
                "\"\(name.prefix(80))\" is no provider's name: use letters, digits, _ and -, at most 64."
            )
        }
    }

    private static func checked(_ bytes: [UInt8], at place: String) throws -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let start = bytes.drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex
        let key = start[..<end]
        guard !key.isEmpty else { throw EgressError(.credential, "There is no key in \(place).") }
        // What else may stand in a header field is not worth the risk of a second line.
        guard key.count <= maximumLength, key.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw EgressError(.credential, "What stands in \(place) is no key: one line of visible ASCII is expected.")
        }
        return String(decoding: key, as: UTF8.self)
    }
}

/// A key that was read and checked, on its way to where it is kept; it has no text to be printed.
package struct ProviderKey: Sendable, CustomStringConvertible, CustomReflectable {
    fileprivate let text: String

    package var description: String { "<key>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
