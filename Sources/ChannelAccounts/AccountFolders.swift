import Dispatch
import Glibc
import LinuxIO

/// The folders of accounts: `<home>/data/channels/<name>`, mode 0700.
struct AccountFolders: Sendable {
    private let root: String
    private let queue = DispatchQueue(label: "nanoclaw.channel.folders")

    init(home: String) { root = "\(home)/data/channels" }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    /// Makes an account's folder; nothing happens when it is there.
    func make(_ name: String) async throws {
        try await onQueue {
            for path in [root, path(name)] where mkdir(path, 0o700) < 0 && errno != EEXIST {
                throw Errno.last("mkdir \(path)")
            }
        }
    }

    /// Removes an account's folder with all in it.
    func remove(_ name: String) async throws {
        try await onQueue {
            guard let directory = try? Directory(path: root), try directory.status(name) != nil else { return }
            try directory.remove(name)
        }
    }

    private func onQueue(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
