package import Core
import GRDB
import Glibc
package import Logging
import Migrations
import Synchronization

/// What happened to each message, in `data/traces.db`: for eyes only, capped by age and size, may be deleted.
///
/// `synchronous=OFF`: a crash of the host loses nothing that ``flush()`` wrote, a power cut may lose the file; a damaged
/// file is set aside and made anew.
package final class TraceStore: Sendable {
    private struct State {
        var waiting: [TraceEntry] = []
        var dropped = 0
    }

    private static let bufferLimit = 10_000
    private let queue: DatabaseQueue
    private let limits: TraceLimits
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>

    /// Opens the home's traces, making the file if need be.
    package init(
        home: String,
        limits: TraceLimits = TraceLimits(),
        time: any TimeSource = SystemTime(),
        logger: Logger = Logger(label: "traces")
    ) throws {
        let path = Self.path(home: home)
        do {
            queue = try Self.open(path, now: time.now)
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            for ending in ["", "-wal", "-shm"] { rename(path + ending, path + ".damaged" + ending) }
            logger.warning("traces were damaged and are set aside", metadata: ["path": "\(path).damaged"])
            queue = try Self.open(path, now: time.now)
        }
        self.limits = limits
        self.time = time
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Where a home's traces are.
    package static func path(home: String) -> String { "\(home)/data/traces.db" }

    private static func open(_ path: String, now: Timestamp) throws -> DatabaseQueue {
        let number = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else {
            throw StoreError(.unusable, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        Glibc.close(number)
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "nanoclaw.traces"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try Migrator(MigrationFile.traces).migrate(queue, now: now)
        return queue
    }

    /// Notes an entry: returns at once; what does not fit into the buffer of 10,000 is counted and left out.
    package func record(_ entry: TraceEntry) {
        let first = state.withLock { state -> Bool in
            guard state.waiting.count < Self.bufferLimit else {
                state.dropped += 1
                return false
            }
            state.waiting.append(entry)
            return state.waiting.count == 1
        }
        if first { signal.yield() }
    }

    /// Writes what was noted, a quarter of a second at a time, until the task is cancelled; then the rest.
    package func run() async {
        var lastPrune = time.monotonic - .seconds(3_600)
        for await _ in signals {
            try? await time.sleep(for: .milliseconds(250))
            await flushLogged()
            if time.monotonic - lastPrune >= .seconds(60) {
                lastPrune = time.monotonic
                await pruneLogged()
            }
        }
        await flushLogged()
    }

    private func flushLogged() async {
        // A task of its own: what was noted is written although the writer is being cancelled.
        let result = await Task { try await flush() }.result
        if case .failure(let error) = result {
            logger.warning("cannot write traces", metadata: ["error": "\(error)"])
        }
    }

    private func pruneLogged() async {
        do { try await prune() } catch {
            logger.warning("cannot prune traces", metadata: ["error": "\(error)"])
        }
    }

    /// Writes what was noted so far in one transaction; entries that cannot be written are gone.
    ///
    /// Prunes when the file is over its cap: a session that is busy on purpose fills it in less than a minute.
    package func flush() async throws {
        let (dropped, isOver) = try await queue.write { db in
            // Taken in the queue: whoever reads behind a flush that is under way finds what it has taken.
            let taken = state.withLock { state in
                defer { state = State() }
                return state
            }
            let statement = try db.cachedStatement(sql: TraceEntry.insertion)
            for entry in taken.waiting { try statement.execute(arguments: entry.values) }
            return (taken.dropped, try Self.usedBytes(db) > limits.maximumBytes)
        }
        if isOver { await pruneLogged() }
        if dropped > 0 { logger.warning("traces left out", metadata: ["traces.count": "\(dropped)"]) }
    }

    /// The way of a message, named by its row or by the platform's id, in order: its own entries and those of the turns
    /// that took it up; at most 10,000.
    package func entries(of message: String) async throws -> [TraceEntry] {
        try await flush()
        return try await queue.read { db in
            try TraceEntry.fetchAll(
                db,
                sql: """
                    WITH own AS (SELECT * FROM trace_entries WHERE message_id = :id OR source_id = :id),
                        turns AS (SELECT turn_id FROM trace_entries WHERE turn_id IS NOT NULL AND message_id IN (
                            SELECT message_id FROM own WHERE message_id IS NOT NULL)),
                        sources AS (SELECT source_id FROM own WHERE source_id IS NOT NULL),
                        messages AS (SELECT message_id FROM own WHERE message_id IS NOT NULL)
                    SELECT * FROM trace_entries WHERE turn_id IN turns OR source_id IN sources OR message_id IN messages
                    ORDER BY position LIMIT 10000
                    """,
                arguments: ["id": message]
            )
        }
    }

    /// Deletes the entries of these sessions and of what these people sent, or only counts them; answers how many.
    package func erase(sessions: [SessionID], senders: Set<String>, isDry: Bool) async throws -> Int {
        try await flush()
        let lists = [try JSONText.encode(sessions.map(\.rawValue)), try JSONText.encode(senders.sorted())]
        let condition = """
            FROM trace_entries WHERE session_id IN (SELECT value FROM json_each(?))
                OR json_extract(detail, '$.sender') IN (SELECT value FROM json_each(?))
            """
        return try await queue.writeWithoutTransaction { db in
            let count =
                try Int.fetchOne(db, sql: "SELECT count(*) \(condition)", arguments: StatementArguments(lists)) ?? 0
            guard !isDry else { return count }
            // What is deleted is overwritten, and the log beside the file emptied.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            defer { try? db.execute(sql: "PRAGMA secure_delete = OFF") }
            try db.execute(sql: "DELETE \(condition)", arguments: StatementArguments(lists))
            _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            return count
        }
    }

    /// Deletes what is too old, then the oldest until the file is under its cap.
    package func prune() async throws {
        let oldest = time.now - limits.maximumAge
        let most = limits.maximumBytes
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "DELETE FROM trace_entries WHERE at < ?", arguments: [oldest])
            while try Self.usedBytes(db) > most {
                let share = try Int.fetchOne(db, sql: "SELECT count(*) / 10 + 1 FROM trace_entries") ?? 1
                try db.execute(
                    sql:
                        "DELETE FROM trace_entries WHERE position IN (SELECT position FROM trace_entries ORDER BY position LIMIT ?)",
                    arguments: [share]
                )
                guard db.changesCount > 0 else { break }
            }
            // A statement of its own that frees a page a step, some thousands of them.
            let steps = try Row.fetchCursor(db, sql: "PRAGMA incremental_vacuum")
            while try steps.next() != nil {}
            _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    private static func usedBytes(_ db: Database) throws -> Int {
        func number(_ pragma: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(pragma)") ?? 0 }
        return try (number("page_count") - number("freelist_count")) * number("page_size")
    }

    /// Writes the rest and closes the file.
    package func close() async throws {
        signal.finish()
        try await flush()
        try queue.close()
    }
}

/// How much is kept of the traces.
package struct TraceLimits: Sendable {
    package var maximumAge: Duration
    package var maximumBytes: Int

    package init(maximumAge: Duration = .seconds(14 * 86_400), maximumBytes: Int = 64 << 20) {
        self.maximumAge = maximumAge
        self.maximumBytes = maximumBytes
    }
}
