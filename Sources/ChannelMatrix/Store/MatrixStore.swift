import ChannelKit
import Core
import Dispatch
import GRDB
import Glibc
import LinuxIO

/// What one account keeps on disk beside the host's own tables: rooms, keys and sessions, in `<folder>/matrix.db`.
///
/// WAL with `synchronous=FULL`: what a call returned from survives a power cut. Blocks run in GRDB's queue, never on the
/// cooperative pool; the calls of libolm do as well.
struct MatrixStore: Sendable {
    private let queue: DatabaseQueue

    /// Opens the file beside the cooperative pool.
    static func open(_ folder: String) async throws -> MatrixStore {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "nanoclaw.matrix.open").async {
                continuation.resume(with: Result { try MatrixStore(folder: folder) })
            }
        }
    }

    /// Opens the file in an account's folder, making it mode 0600 if need be; blocks.
    init(folder: String) throws {
        let path = "\(folder)/matrix.db"
        let number = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw Errno.last("open \(path)") }
        close(number)
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "nanoclaw.matrix"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256")
            // What is deleted may be a key.
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try MatrixSchema.migrator.migrate(queue)
    }

    /// Runs the body in one transaction: all of it is on the disk when this returns, none of it when it throws.
    @discardableResult
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await queue.write(body)
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await queue.read(body)
    }
}
