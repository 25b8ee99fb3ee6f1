package import Core
import Cron
package import GRDB
package import Scheduling

/// A task that has no run of its schedule under way: while one runs, what falls due waits and is then looked at as missed.
private let isFree = """
    NOT EXISTS (SELECT 1 FROM task_runs WHERE task_id = tasks.id AND is_manual = 0 AND state IN ('claimed', 'running'))
    """

extension ScheduledTask {
    /// Tasks that are due at this time and may run, the longest due first.
    package static func due(at now: Timestamp, _ db: Database) throws -> [TaskID] {
        try TaskID.fetchAll(
            db,
            sql: """
                SELECT id FROM tasks WHERE state = 'active' AND next_due IS NOT NULL AND next_due <= ? AND \(isFree)
                ORDER BY next_due, id
                """,
            arguments: [now]
        )
    }

    /// When the next task is due that may run then; nil when none is.
    package static func nextDue(_ db: Database) throws -> Timestamp? {
        try Timestamp.fetchOne(
            db,
            sql: "SELECT min(next_due) FROM tasks WHERE state = 'active' AND next_due IS NOT NULL AND \(isFree)"
        )
    }

    /// Claims what of this task is due: from its commit on these occurrences are taken, whatever happens to their runs.
    ///
    /// The task is read again, so that nothing is claimed that somebody has paused or that is claimed already. Answers
    /// whether anything was.
    @discardableResult
    package static func claim(_ id: TaskID, at now: Timestamp, _ db: Database) throws -> Bool {
        guard var task = try filter(sql: "id = ? AND state = 'active' AND \(isFree)", arguments: [id]).fetchOne(db),
            let first = task.nextDue, first <= now
        else { return false }
        let schedule: TaskSchedule
        do {
            schedule = try task.schedule()
        } catch {
            try task.hold(first, because: error, at: now, db)
            return true
        }
        let work = DueWork(first: first, schedule: schedule.schedule, at: now, policy: task.missedRuns)
        if let missed = work.missed { try task.record(missed, schedule, at: now, db) }
        // An occurrence that was claimed before its schedule was changed, or the clock turned back, is not run again.
        for due in work.runs { try TaskRun(task, dueAt: due, at: now).insert(db, onConflict: .ignore) }
        task.nextDue = work.next
        if work.next == nil { (task.state, task.updatedAt) = (.done, now) }
        try task.update(db, columns: [CodingKeys.nextDue, .state, .updatedAt])
        return true
    }

    /// A schedule that was good when it was stored and can no longer be read, as when the machine has lost its zone: the
    /// run fails, which is told, and the task waits for somebody to put it right.
    private mutating func hold(_ due: Timestamp, because error: any Error, at now: Timestamp, _ db: Database) throws {
        let run = TaskRun(self, dueAt: due, at: now)
        try run.insert(db, onConflict: .ignore)
        (state, updatedAt) = (.paused, now)
        try update(db, columns: [CodingKeys.state, .updatedAt])
        let detail =
            "its schedule cannot be read (\(error)); it is paused until `nanoclaw tasks update` gives it another"
        try TaskRun.end(run.id, .failed, detail: detail, at: now, db)
    }

    /// True when an occurrence was claimed that lies more than a day ahead.
    package static func isAhead(at now: Timestamp, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: "SELECT EXISTS (SELECT 1 FROM task_runs WHERE due_at > ? AND is_manual = 0)",
            arguments: [now + .seconds(86_400)]
        ) ?? false
    }

    /// Takes back due times that a clock has set which was wrong by more than a day: what is due by the clock as it is now
    /// would wait until then.
    package static func takeBack(at now: Timestamp, _ db: Database) throws {
        let ahead = try fetchAll(
            db,
            sql: """
                SELECT * FROM tasks WHERE state = 'active' AND schedule_kind <> 'once' AND next_due IS NOT NULL
                    AND id IN (SELECT task_id FROM task_runs WHERE is_manual = 0 AND due_at > ?)
                """,
            arguments: [now + .seconds(86_400)]
        )
        for var task in ahead {
            guard let next = try? task.schedule().schedule.next(after: now), let due = task.nextDue, next < due else {
                continue
            }
            task.nextDue = next
            try task.update(db, columns: [CodingKeys.nextDue])
        }
    }

    private func record(
        _ missed: DueWork.Missed,
        _ schedule: TaskSchedule,
        at now: Timestamp,
        _ db: Database
    ) throws {
        var run = TaskRun(self, dueAt: missed.last, state: .missed, at: now)
        let count = missed.count > DueWork.mostCounted ? "more than \(DueWork.mostCounted)" : "\(missed.count)"
        run.detail =
            missed.count == 1
            ? "not run: it was missed (\(missedRuns.rawValue))"
            : "\(count) occurrences from \(schedule.both(missed.first)) on were missed (\(missedRuns.rawValue))"
        run.endedAt = now
        try run.insert(db, onConflict: .ignore)
    }
}

extension TaskRun {
    /// Runs that the agent has not been told of, oldest occurrence first.
    package static func claimed(_ db: Database) throws -> [TaskRunID] {
        try TaskRunID.fetchAll(db, sql: "SELECT id FROM task_runs WHERE state = 'claimed' ORDER BY claimed_at, due_at")
    }

    /// Runs that an agent has, of one session or of all.
    package static func running(in session: SessionID? = nil, _ db: Database) throws -> [TaskRun] {
        var query = filter(CodingKeys.state == RunState.running)
        if let session { query = query.filter(CodingKeys.sessionID == session) }
        return try query.order(CodingKeys.claimedAt, CodingKeys.dueAt).fetchAll(db)
    }

    /// Runs of which somebody is still to be told, the first to end first.
    package static func untold(_ db: Database) throws -> [TaskRunID] {
        try TaskRunID.fetchAll(db, sql: "SELECT id FROM task_runs WHERE notice IS NOT NULL ORDER BY ended_at")
    }

    /// The agent has the run: it stands in this row of this session.
    ///
    /// False when it is over already.
    @discardableResult
    package static func began(
        _ id: TaskRunID,
        session: SessionID,
        message: MessageID,
        _ db: Database
    ) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE task_runs SET state = 'running', session_id = ?, message_id = ? WHERE id = ? AND state = 'claimed'
                """,
            arguments: [session, message, id]
        )
        return db.changesCount == 1
    }

    /// Ends a run, once: counts for its task and notes who is to be told.
    ///
    /// False when it is over already.
    @discardableResult
    package static func end(
        _ id: TaskRunID,
        _ state: RunState,
        detail: String?,
        at now: Timestamp,
        _ db: Database
    ) throws -> Bool {
        guard var run = try fetchOne(db, key: id), !run.state.isOver, state.isOver,
            var task = try ScheduledTask.fetchOne(db, key: run.taskID)
        else { return false }
        let verdict = RunVerdict(state, failuresBefore: task.failures, hasChat: task.messagingGroupID != nil)
        run.state = state
        run.detail = detail.map { String($0.prefix(2000)) }
        run.notice = verdict.notice
        run.endedAt = now
        try run.update(db)
        task.failures = verdict.failures
        try task.update(db, columns: [ScheduledTask.CodingKeys.failures])
        try prune(task.id, db)
        return true
    }

    /// Who was to be told has been.
    package static func told(_ id: TaskRunID, _ db: Database) throws {
        try db.execute(sql: "UPDATE task_runs SET notice = NULL WHERE id = ?", arguments: [id])
    }

    private static func prune(_ task: TaskID, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM task_runs WHERE id IN (
                    SELECT id FROM task_runs
                    WHERE task_id = ? AND state NOT IN ('claimed', 'running') AND notice IS NULL
                    ORDER BY claimed_at DESC, due_at DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [task, TaskLimits.runsKept]
        )
    }
}
