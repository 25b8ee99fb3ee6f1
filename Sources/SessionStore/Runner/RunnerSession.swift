import CSQLite
package import Core
import Glibc

/// A session's two databases from inside the sandbox: reads `inbound.db`, is the one writer of `outbound.db`.
///
/// Belongs to one thread. Waits up to 5 s for the host's locks, then throws `.busy`; what it threw for is undone whole.
package final class RunnerSession {
    /// Which life of the session's runner this is.
    package let incarnation: Incarnation
    /// The directory of the runner's own files.
    package let state: String

    let time: any TimeSource
    let outbox: Outbox
    let inbound: Connection
    let outbound: Connection
    /// The configuration as it was read last, and the text that it was.
    var lastConfiguration: (text: String, value: AgentConfiguration)?

    /// How long a lock of the other side is waited for, in milliseconds.
    static let patience: Int32 = 5000

    /// Opens the session and brings `outbound.db` up to the newest schema.
    ///
    /// The three directories are those of ``SessionFolder``. Claims that an earlier incarnation left are given up:
    /// their rows are due again.
    package init(
        inbound: String,
        outbound: String,
        state: String,
        incarnation: Incarnation,
        time: any TimeSource = SystemTime()
    ) throws {
        self.incarnation = incarnation
        self.state = state
        self.time = time
        outbox = Outbox(directory: outbound)
        self.inbound = try Connection(path: inbound + "/inbound.db", .readOnly, busyTimeout: Self.patience)
        self.outbound = try Connection(path: outbound + "/outbound.db", .readWrite, busyTimeout: Self.patience)
        let pages = SessionLimits.outboundFile / SessionLimits.pageSize
        try self.outbound.execute("PRAGMA max_page_count=\(pages)")
        try SessionSchema.outbound.migrate(self.outbound)
        let now = time.now
        try self.outbound.write {
            try self.outbound.run(
                "DELETE FROM processing_ack WHERE state = 'processing' AND incarnation <> ?",
                incarnation
            )
            try self.outbound.run(
                "UPDATE runner_state SET incarnation = ?, phase = 'starting', tools = '[]', updated_at = ?",
                incarnation,
                now
            )
        }
    }

    /// Closes both databases; every later call throws.
    package func close() {
        inbound.close()
        outbound.close()
    }

    /// Brings an `outbound.db` back to its last commit after its writer died, and checks it whole.
    ///
    /// For a process of its own inside the sandbox: SQLite acts here on whatever the dead runner left behind.
    /// - Parameter outbound: The directory that holds `outbound.db`.
    /// - Throws: ``StoreError`` with `.damaged` when the file does not pass the check, `.inputOutput` when some of it could not
    ///   be read.
    package static func recover(outbound: String) throws {
        let database = try Connection(path: outbound + "/outbound.db", .readWrite, busyTimeout: patience)
        defer { database.close() }
        // The first lock for reading rolls a hot journal back. One that was not synchronised yet is none to
        // SQLite and stays as it is, and the host would take it for hot for ever: a change makes it anew and empties it.
        // Writing what is there already to a row would change no page; to the header it does.
        let version = try SessionSchema.version(of: database)
        try database.write { try database.execute("PRAGMA user_version=\(version)") }
        let verdict = try database.first("PRAGMA integrity_check(1)") { $0.text(0) }
        if verdict != "ok" { throw failure(of: verdict ?? "integrity_check gave no answer") }
    }

    /// What `integrity_check` found: damage, unless it could not read.
    ///
    /// Then sqlite3's btree.c names the result code: "… unable to get the page. error code=522".
    static func failure(of verdict: String) -> StoreError {
        let code = verdict.split(separator: "=").last.flatMap { Int32($0) } ?? SQLITE_OK
        return StoreError(code & 0xFF == SQLITE_IOERR ? .inputOutput : .damaged, "outbound.db: \(verdict)")
    }

    /// Reads one state of `inbound.db`, whatever the body asks of it: each look of its own would lock the file anew.
    ///
    /// A journal that the host is just writing can look like one to roll back; reading again a moment later tells.
    package func readInbound<Result>(_ body: () throws -> Result) throws -> Result {
        if inbound.isInTransaction { return try body() }
        // Locks are held by real processes, so the machine's clock counts, whatever the session's clock is.
        let clock = SystemTime()
        let deadline = clock.monotonic + .milliseconds(Int64(Self.patience))
        var pause: UInt32 = 500
        while true {
            do {
                return try inbound.read(body)
            } catch let error as StoreError where error.code == .busy {
                guard clock.monotonic < deadline else { throw error }
                usleep(pause)
                pause = min(pause * 2, 50_000)
            }
        }
    }
}
