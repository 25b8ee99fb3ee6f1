package import Core
package import LinuxIO
package import SessionStore
import Synchronization

/// A session's files from the host's side: the one writer of `inbound.db`, a wary reader of `outbound.db`.
///
/// Runs on a thread of ``StoreExecutors``. Calls are served one after the other, each whole. `inbound.db` is opened
/// at the first call that needs it. While the runner reads, a commit gives the thread back and tries again for
/// 200 ms; then it is undone and the call throws ``StoreError`` with `.busy`: nothing was changed, ask again later.
package actor HostSession {
    package nonisolated let folder: SessionFolder
    let owner: FileOwner?
    let time: any TimeSource
    let attachmentLimits: AttachmentLimits

    private let executor: ThreadExecutor
    private let executors: StoreExecutors
    private var database: Connection?
    private var isHeld = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// See ``sharing(isRecord:patience:_:committed:)``.
    var sharedWrites: [SharedWrite] = []
    /// A timer runs for those of them that wait for company.
    var isPatient = false

    /// See ``storedThrough``.
    let lastStored = Atomic<Int64>(0)
    /// The number of the first message that this object has stored.
    var firstStored: Int64?

    /// See ``takeOutboundWork()``.
    let outboundWork = Atomic<Int64>(0)

    var reader: OutboundReader
    /// The copy of the last look, let go of but for what SQLite has prepared: some 80 KB, for a session that is at work.
    var copy: HostileDatabase?
    /// Looks in a row that found nothing new.
    var quietLooks = 0
    /// What the last snapshot of `outbound.db` held and is not recorded yet.
    var backlog = OutboundBacklog()

    /// The session in a folder that ``create(_:owner:)`` has made.
    ///
    /// `owner` is who owns what is made in the folder; nil leaves it to the process's own user.
    package init(
        folder: SessionFolder,
        owner: FileOwner?,
        executors: StoreExecutors,
        time: any TimeSource,
        attachmentLimits: AttachmentLimits = AttachmentLimits()
    ) {
        self.folder = folder
        self.owner = owner
        self.executors = executors
        self.time = time
        self.attachmentLimits = attachmentLimits
        executor = executors.pick()
        reader = OutboundReader(folder: folder)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The number of the last message that is durable: a runner cannot have been shown a higher one.
    ///
    /// Known from the first call on that opens `inbound.db`.
    package nonisolated var storedThrough: Int64 { lastStored.load(ordering: .acquiring) }

    /// The processor time that looks at `outbound.db` took since the last call of this.
    ///
    /// Of the thread that looked: what a look waits for, its turn on the thread above all, is no work of its session.
    package nonisolated func takeOutboundWork() -> Duration {
        .nanoseconds(outboundWork.exchange(0, ordering: .relaxed))
    }

    /// Closes the database once the calls before this one are served; the next call opens it again.
    package func close() async {
        await enter()
        defer { leave() }
        await commitWaiting()
        database?.close()
        database = nil
        reader.close()
        copy = nil
    }

    // MARK: - One after the other

    /// Waits for the session to be free.
    ///
    /// An actor alone would let other calls in at every await.
    func enter() async {
        if isHeld {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isHeld = true
        }
    }

    /// Lets the next waiting call in.
    func leave() {
        if waiting.isEmpty {
            isHeld = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    /// The open `inbound.db`, brought up to the newest schema.
    func open() throws -> Connection {
        if let database { return database }
        let opened = try Connection(path: folder.inboundDatabase, .readWrite, busyTimeout: 0)
        try SessionSchema.inbound.migrate(opened)
        lastStored.max(try meta("seq", in: opened), ordering: .releasing)
        database = opened
        return opened
    }

    /// Runs the body as one transaction.
    func transaction<Result>(_ body: (Connection) throws -> Result) async throws -> Result {
        await enter()
        defer { leave() }
        return try await heldTransaction(body)
    }

    /// The same for a caller that holds the session already.
    func heldTransaction<Result>(_ body: (Connection) throws -> Result) async throws -> Result {
        await commitWaiting()
        let database = try await patiently { try open() }
        try await patiently { try database.execute("BEGIN IMMEDIATE") }
        do {
            let result = try body(database)
            try await patiently { try database.execute("COMMIT") }
            return result
        } catch {
            database.rollBack()
            throw error
        }
    }

    /// Reads one state of `inbound.db`, with the writes that wait for company.
    func reading<Result>(_ body: (Connection) throws -> Result) async throws -> Result {
        await enter()
        defer { leave() }
        await commitWaiting()
        return try await patiently {
            let database = try open()
            return try database.read { try body(database) }
        }
    }

    /// Tries again while the other side holds a lock: after 1, 2, 4 … ms, for 200 ms in all.
    func patiently<Result>(_ body: () throws -> Result) async throws -> Result {
        for pause in Self.pauses {
            do {
                return try body()
            } catch let error as StoreError where error.code == .busy {
                await Self.pause(.milliseconds(pause))
            }
        }
        return try body()
    }

    static let pauses = [1, 2, 4, 8, 16, 32, 64, 73]

    /// Waits in real time, cancelled or not: what is under way must come to its end either way, and the locks
    /// that it waits for are held by real processes.
    static func pause(_ duration: Duration) async {
        await Task.detached { try? await Task.sleep(for: duration) }.value
    }
}
