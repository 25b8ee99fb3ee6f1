package import Core
package import GRDB
import Glibc
import LinuxIO
import Migrations

/// The central database of a home, `data/nanoclaw.db`: people, groups, chats, sessions, runners.
///
/// WAL with `synchronous=FULL`: what ``write(_:)`` returned from survives a power cut. Blocks run on GRDB's own
/// queues, never on the cooperative pool.
package final class CentralStore: Sendable {
    private let pool: DatabasePool
    /// Held as long as this store lives.
    private let lock: HomeLock?
    /// The clock of what is written here.
    package let time: any TimeSource

    /// Opens the database of the home that this lock is for, making and migrating it as needed.
    package convenience init(lock: HomeLock, time: any TimeSource = SystemTime()) throws {
        try self.init(home: lock.home, lock: lock, time: time)
        try Migrator(MigrationFile.central).migrate(pool, now: time.now)
    }

    /// Opens an existing database to read, beside a host that may be running.
    package convenience init(readingHome home: String) throws {
        try self.init(home: home, lock: nil, time: SystemTime())
    }

    private init(home: String, lock: HomeLock?, time: any TimeSource) throws {
        self.lock = lock
        self.time = time
        let readOnly = lock == nil
        let path = Self.path(home: home)
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "nanoclaw.central"
        if !readOnly {
            // Made here so that the database and its WAL are for the owner alone.
            let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard number >= 0 else {
                throw StoreError(.unusable, "cannot write the central database", cause: Errno.last("open \(path)"))
            }
            Glibc.close(number)
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            if !readOnly {
                // GRDB lowers it to NORMAL when it turns WAL on.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            }
        } catch {
            throw StoreError(.unusable, "cannot open the central database \(path)", cause: error)
        }
    }

    /// Where a home's database is.
    package static func path(home: String) -> String { "\(home)/data/nanoclaw.db" }

    /// The name of the file system that the home's data lies on, when it cannot hold the databases; nil for others.
    package static func refusedFileSystem(home: String) -> String? {
        ["\(home)/data", "\(home)/data/sessions"].lazy.compactMap { try? HomeFolder.refused(at: $0) }.first
    }

    /// True when the home has a central database: it is no new home.
    package static func exists(home: String) -> Bool { access(path(home: home), F_OK) == 0 }

    /// Reads from one unchanging state.
    package func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.read(body)
    }

    /// Runs the body in one transaction: all of it is committed when this returns, none of it when it throws.
    @discardableResult
    package func write<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.write(body)
    }

    /// Copies the whole database, at one state, into a new file.
    package func backUp(to path: String) async throws {
        let copy = try DatabaseQueue(path: path)
        try pool.backup(to: copy)
        try copy.close()
    }

    /// Waits for what runs and closes every connection.
    package func close() throws { try pool.close() }
}
