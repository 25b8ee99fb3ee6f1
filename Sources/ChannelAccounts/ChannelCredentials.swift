import Core
import Dispatch
import Glibc
import LinuxIO

/// The secrets of channel accounts: `<home>/data/credentials/channels/<name>`, one JSON object each, mode 0600.
///
/// They are read when an adapter is made, and never printed or logged.
package struct ChannelCredentials: Sendable {
    /// The longest file in bytes.
    static let longest = 64 * 1024

    private let folder: String
    private let queue = DispatchQueue(label: "nanoclaw.channel.credentials")

    /// The secrets of a home.
    package init(home: String) { folder = "\(home)/data/credentials/channels" }

    /// The secrets of an account, by key; none when it has no file.
    ///
    /// Throws when the file is a link, is open to others, or is no JSON object of texts.
    package func secrets(of name: String) async throws -> [String: String] {
        try await onQueue {
            guard let directory = try? Directory(path: folder), try directory.status(name) != nil else { return [:] }
            let file = try directory.file(name, limit: Self.longest)
            guard try file.status().st_mode & 0o077 == 0 else {
                throw AccountError(.credential, "\(folder)/\(name) is open to other users: chmod 600 \(folder)/\(name)")
            }
            do {
                return try JSONText.decode([String: String].self, try file.readAll(limit: Self.longest))
            } catch {
                throw AccountError(
                    .credential,
                    "\(folder)/\(name) is no JSON object of texts: remove the account and add it again"
                )
            }
        }
    }

    /// Keeps secrets, whole or not at all.
    package func store(_ secrets: [String: String], of name: String) async throws {
        try await onQueue {
            for path in [folder.dropLast("/channels".count), folder[...]].map(String.init)
            where mkdir(path, 0o700) < 0 && errno != EEXIST {
                throw Errno.last("mkdir \(path)")
            }
            let directory = try Directory(path: folder)
            try directory.replace(name, with: Array(try JSONText.encode(secrets).utf8), mode: 0o600)
        }
    }

    /// Forgets an account's secrets.
    package func remove(_ name: String) async throws {
        try await onQueue {
            guard let directory = try? Directory(path: folder), try directory.status(name) != nil else { return }
            try directory.remove(name)
            try directory.descriptor.synchronize()
        }
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Swift.Result {
                        do {
                            return try body()
                        } catch let error as Errno {
                            throw AccountError(
                                .credential,
                                "the secrets in \(folder) cannot be used: \(error)",
                                cause: error
                            )
                        }
                    }
                )
            }
        }
    }
}
