package import CentralStore
package import Core
import GRDB
import LinuxIO
package import Logging
package import Scheduling
import Synchronization

/// Runs tasks when they are due.
///
/// Each look takes the same four steps, each of which goes on where an earlier host may have stopped: claim what is due,
/// bring claimed runs to their sessions, end runs whose rows have ended, tell people of failures. Between looks it sleeps
/// until the next due time by the wall clock, and at most for one period of the monotonic one, so that a suspended machine
/// or a turned clock is noticed.
package actor TaskScheduler {
    /// How long ended tasks are kept.
    private static let keeps = Duration.seconds(30 * 86_400)

    private let central: CentralStore
    private let port: any TaskPort
    private let time: any TimeSource
    private let logger: Logger
    private let alarm = Alarm()
    /// Sessions that may have a run, so that turns of all others cost nothing; nil before the first look.
    private let busy = Mutex<Set<SessionID>?>(nil)
    private var nextDue: Timestamp?
    private var prunedAt: Duration?
    /// When the last look ended, by the monotonic clock; nil before the first.
    package private(set) var lastLook: Duration?

    package init(central: CentralStore, port: any TaskPort, time: any TimeSource, logger: Logger) {
        self.central = central
        self.port = port
        self.time = time
        self.logger = logger
    }

    /// Looks until cancelled: at each due time, when something has changed, and once a period.
    package func run(every period: Duration) async {
        while !Task.isCancelled {
            await look()
            await wait(for: period)
        }
    }

    /// Tasks have changed, or a run was asked for: looks at once.
    package nonisolated func changed() { alarm.raise() }

    /// One look at everything; what fails is left to the next.
    package func look() async {
        await attempt("claim what is due") { try await self.claim() }
        await attempt("bring runs to their sessions") { try await self.dispatch() }
        await attempt("see which runs have ended") {
            // What waited for one of them may run now.
            if try await self.settle(nil) { self.alarm.raise() }
        }
        await attempt("tell of failed runs") { try await self.tell() }
        await attempt("find the next due time") { try await self.plan() }
        lastLook = time.monotonic
    }

    /// False for a session that has no run, as almost all have.
    package nonisolated func hasRuns(in session: SessionID) -> Bool { busy.withLock { $0?.contains(session) ?? true } }

    /// Rows of this session have ended, or its runner has.
    package func sessionChanged(_ session: SessionID) async {
        guard hasRuns(in: session) else { return }
        do {
            guard try await settle(session) else { return }
            alarm.raise()
        } catch {
            logger.warning("Runs of tasks could not be looked at", metadata: ["error": "\(error)"])
        }
    }

    /// A turn over these rows has ended; their session's file need not say so yet.
    package func turnEnded(_ messages: [MessageID], in session: SessionID, _ state: RunState, detail: String?) async {
        guard hasRuns(in: session) else { return }
        do {
            let runs = try await central.read { db in try TaskRun.running(in: session, db) }
                .filter { $0.messageID.map(messages.contains) ?? false }
            guard !runs.isEmpty else { return }
            for run in runs { try await end(run, state, detail) }
            alarm.raise()
        } catch {
            // The row is in the session's file: a later look finds it.
            logger.warning("The end of a run could not be recorded", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - The steps

    private func claim() async throws {
        let now = time.now
        let due = try await central.read { db in try ScheduledTask.due(at: now, db) }
        for id in due {
            await attempt("claim task \(id)") {
                try await self.central.write(changesRouting: false) { db in
                    _ = try ScheduledTask.claim(id, at: now, db)
                }
                crashPoint("task.claimed")
            }
        }
    }

    private func dispatch() async throws {
        for id in try await central.read({ db in try TaskRun.claimed(db) }) {
            await attempt("bring run \(id) to its session") { try await self.dispatch(id) }
        }
    }

    private func dispatch(_ id: TaskRunID) async throws {
        guard let (run, task) = try await record(id) else { return }
        let row: TaskRow
        do {
            row = try await port.dispatch(run, of: task)
        } catch let refusal as TaskRefusal {
            return try await end(run, .failed, refusal.description)
        }
        crashPoint("task.dispatched")
        let began = try await central.write(changesRouting: false) { db in
            try TaskRun.began(run.id, session: row.session, message: row.message, db)
        }
        guard began else { return }
        crashPoint("task.begun")
        busy.withLock { _ = $0?.insert(row.session) }
        logger.info("A task runs", metadata: ["task": "\(task.id)", "run": "\(run.id)", "session": "\(row.session)"])
        // In that order: the end of a run that is not recorded would be nobody's.
        await port.wake(row)
    }

    /// Ends runs whose rows have ended; true when there was one.
    private func settle(_ session: SessionID?) async throws -> Bool {
        var hasEnded = false
        for run in try await central.read({ db in try TaskRun.running(in: session, db) }) {
            guard let message = run.messageID else { continue }
            guard let session = run.sessionID else {
                try await end(run, .interrupted, "its session was deleted")
                hasEnded = true
                continue
            }
            await attempt("see how run \(run.id) stands") {
                let fate = try await self.port.fate(of: TaskRow(session: session, message: message))
                guard case .ended(let state, let detail) = fate else { return }
                try await self.end(run, state, detail)
                hasEnded = true
            }
        }
        return hasEnded
    }

    private func tell() async throws {
        for id in try await central.read({ db in try TaskRun.untold(db) }) {
            guard let (run, task) = try await record(id), let notice = run.notice else { continue }
            await attempt("tell of run \(id)") {
                let schedule = try? task.schedule()
                let text = RunNotice.text(
                    notice,
                    run.state,
                    task: task.label,
                    id: task.id.rawValue,
                    due: schedule?.both(run.dueAt) ?? TaskSchedule.utc(run.dueAt),
                    detail: run.detail
                )
                try await self.port.tell(text, notice, of: run, task)
                crashPoint("notice.told")
                try await self.central.write(changesRouting: false) { db in try TaskRun.told(id, db) }
            }
        }
    }

    private func plan() async throws {
        let now = time.now
        // A write only where there is something to be taken back.
        let isAhead = try await central.read { db in try ScheduledTask.isAhead(at: now, db) }
        if isAhead { try await central.write(changesRouting: false) { db in try ScheduledTask.takeBack(at: now, db) } }
        let running: [TaskRun]
        (nextDue, running) = try await central.read { db in
            (try ScheduledTask.nextDue(db), try TaskRun.running(db))
        }
        // Nothing is begun meanwhile: only a look begins runs, and there is one at a time.
        busy.withLock { $0 = Set(running.compactMap(\.sessionID)) }
        if let last = prunedAt, time.monotonic - last < .seconds(86_400) { return }
        prunedAt = time.monotonic
        try await central.write(changesRouting: false) { [before = time.now - Self.keeps] db in
            try ScheduledTask.prune(endedBefore: before, db)
        }
    }

    // MARK: - Parts

    private func end(_ run: TaskRun, _ state: RunState, _ detail: String?) async throws {
        let ended = try await central.write(changesRouting: false) { [now = time.now] db in
            try TaskRun.end(run.id, state, detail: detail, at: now, db)
        }
        guard ended else { return }
        crashPoint("task.ended")
        logger.info(
            "A run of a task has ended",
            metadata: ["task": "\(run.taskID)", "run": "\(run.id)", "state": "\(state.rawValue)"]
        )
    }

    private func record(_ id: TaskRunID) async throws -> (TaskRun, ScheduledTask)? {
        try await central.read { db in
            guard let run = try TaskRun.fetchOne(db, key: id) else { return nil }
            return try ScheduledTask.fetchOne(db, key: run.taskID).map { (run, $0) }
        }
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            logger.error("The scheduler could not \(what)", metadata: ["error": "\(error)"])
        }
    }

    private func wait(for period: Duration) async {
        var pause = period
        if let due = nextDue {
            let rest = Duration.milliseconds(due.milliseconds - time.now.milliseconds)
            // What is overdue after a look could not be done; it is not tried again in a hurry.
            if rest > .zero { pause = min(pause, rest) }
        }
        await alarm.wait(for: pause, time: time)
    }
}
