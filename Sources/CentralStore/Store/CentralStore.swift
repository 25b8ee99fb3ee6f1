import CSQLite
package import Core
package import GRDB
import Glibc
import LinuxIO
import Migrations
import Synchronization

/// The central database of a home, `data/nanoclaw.db`: people, groups, chats, sessions, runners.
///
/// WAL with `synchronous=FULL`: what ``write(_:)`` returned from survives a power cut. Blocks run on GRDB's own
/// queues, never on the cooperative pool.
package final class CentralStore: Sendable {
    private let pool: DatabasePool
    /// Held as long as this store lives.
    private let lock: HomeLock?
    private let begun = Atomic<UInt64>(0)
    private let version = Atomic<UInt64>(0)
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
        // Each of the five connections fills its own with the pages of a history that grows: 2 MB are SQLite's usual.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
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
        [HomeFolder.place(of: home), "\(home)/data/sessions"].lazy.compactMap { try? HomeFolder.refused(at: $0) }.first
    }

    /// True when the home has a central database: it is no new home.
    package static func exists(home: String) -> Bool { access(path(home: home), F_OK) == 0 }

    /// Reads from one unchanging state.
    package func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.read(body)
    }

    /// Runs the body in one transaction: all of it is committed when this returns, none of it when it throws.
    ///
    /// `changesRouting` is false for a write that leaves ``routingVersion``'s tables as they are.
    @discardableResult
    package func write<Value: Sendable>(
        changesRouting: Bool = true,
        _ body: @Sendable (Database) throws -> Value
    ) async throws -> Value {
        if changesRouting { begun.add(1, ordering: .acquiringAndReleasing) }
        defer { if changesRouting { version.add(1, ordering: .acquiringAndReleasing) } }
        return try await pool.write(body)
    }

    /// Rises before any write returns that may have changed chats, wirings, agent groups, roles, members or providers:
    /// while it is the number read before a look at them, what was seen still stands.
    ///
    /// No observer of the database does this: it is not told of tables WITHOUT ROWID, and members are one.
    package var routingVersion: UInt64 { version.load(ordering: .acquiring) }

    /// Whether a write that raises ``routingVersion`` is under way: what it does beside the database may be seen already.
    package var isRoutingChanging: Bool { begun.load(ordering: .acquiring) != version.load(ordering: .acquiring) }

    /// The whole database, at one state, as the bytes of a file; `change` is made to the copy before.
    ///
    /// Blocks the thread.
    package func snapshot(_ change: (Database) throws -> Void) throws -> [UInt8] {
        let copy = try DatabaseQueue()
        try pool.backup(to: copy)
        return try copy.writeWithoutTransaction { db in
            try change(db)
            var size: Int64 = 0
            guard let start = sqlite3_serialize(db.sqliteConnection, "main", &size, 0) else {
                throw StoreError(.unusable, "there is no memory for a copy of the central database")
            }
            defer { sqlite3_free(start) }
            return Array(UnsafeBufferPointer(start: start, count: Int(size)))
        }
    }

    /// Brings what was written into the database's own file, and empties the log beside it: what was erased is in neither.
    ///
    /// False when a reader that is at work has kept some of the log.
    package func checkpoint() async throws -> Bool {
        try await pool.writeWithoutTransaction { db in
            try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
        }
    }

    /// Waits for what runs and closes every connection.
    package func close() throws { try pool.close() }
}
