package import Core
import Cron
package import GRDB
import Scheduling

/// The session that runs a task, by what makes a session the one it is, and the chat that the task speaks in.
package struct TaskPlace: Sendable, Equatable {
    package var mode: SessionMode
    package var chat: MessagingGroupID?
    package var thread: String?

    /// In mode `agent-shared` the chat is only spoken in, and may be nil.
    package init(mode: SessionMode, chat: MessagingGroupID?, thread: String? = nil) {
        self.mode = mode
        self.chat = chat
        self.thread = thread
    }
}

extension ScheduledTask {
    /// Makes a task; throws ``StoreError`` or ``SchedulingError`` with what to do otherwise.
    ///
    /// `zone` is that of the group, for fields that name none. Answers the task and a remark on its time.
    package static func create(
        _ fields: TaskFields,
        group: AgentGroupID,
        place: TaskPlace,
        zone: String,
        by creator: String,
        in session: SessionID? = nil,
        now: Timestamp,
        _ db: Database
    ) throws -> (task: ScheduledTask, remark: String?) {
        let live = filter(sql: "agent_group_id = ? AND state IN ('active', 'paused')", arguments: [group])
        guard try live.fetchCount(db) < TaskLimits.perGroup else {
            throw StoreError(
                .conflict,
                "this agent has \(TaskLimits.perGroup) tasks, the most there may be: cancel some that are not needed"
            )
        }
        guard let prompt = fields.prompt else { throw StoreError(.invalid, "prompt: say what is to be done") }
        let schedule = try TaskSchedule(
            at: fields.at,
            every: fields.every,
            cron: fields.cron,
            zone: fields.zone ?? zone,
            now: now
        )
        var task = ScheduledTask(
            id: .random(),
            agentGroupID: group,
            name: nil,
            sessionMode: place.mode,
            messagingGroupID: place.chat,
            threadID: place.thread,
            prompt: prompt,
            isFresh: false,
            scheduleKind: schedule.kind,
            scheduleText: schedule.text,
            anchorAt: schedule.anchor,
            zone: schedule.zone.identifier,
            missedRuns: .latest,
            state: .active,
            nextDue: schedule.first(from: now),
            failures: 0,
            createdBy: creator,
            createdIn: session,
            createdAt: now,
            updatedAt: now
        )
        try task.take(fields)
        try task.refuseTakenName(db)
        try task.insert(db)
        return (task, schedule.remark)
    }

    /// Changes what the fields name; the times of its schedule stay unless the schedule is another one, and an occurrence
    /// that is due is run all the same.
    package static func update(
        _ id: TaskID,
        _ fields: TaskFields,
        now: Timestamp,
        _ db: Database
    ) throws -> (task: ScheduledTask, remark: String?) {
        var task = try live(id, orDone: true, db)
        let wasDone = task.state == .done
        try task.take(fields)
        let remark = try task.reschedule(fields, now: now)
        guard task.state != .done else {
            throw StoreError(.conflict, "task \(id) has run for the last time: give it a new time, or make another")
        }
        if fields.name != nil || wasDone { try task.refuseTakenName(db) }
        task.updatedAt = now
        try task.update(db)
        return (task, remark)
    }

    /// A name means one task of its agent among those that are not over.
    private func refuseTakenName(_ db: Database) throws {
        guard let name else { return }
        let sql = "agent_group_id = ? AND name = ? AND state IN ('active', 'paused') AND id <> ?"
        guard try Self.filter(sql: sql, arguments: [agentGroupID, name, id]).isEmpty(db) else {
            throw StoreError(.conflict, "name: a task of this agent is called \"\(name)\" already: take another name")
        }
    }

    /// Holds it: what falls due waits until it is resumed.
    package static func pause(_ id: TaskID, now: Timestamp, _ db: Database) throws -> ScheduledTask {
        try change(id, to: .paused, now: now, db)
    }

    /// Lets it go on; what fell due meanwhile is treated as missed.
    package static func resume(_ id: TaskID, now: Timestamp, _ db: Database) throws -> ScheduledTask {
        try change(id, to: .active, now: now, db)
    }

    /// Ends it for good; a run that an agent has goes on.
    package static func cancel(_ id: TaskID, now: Timestamp, _ db: Database) throws -> ScheduledTask {
        let task = try change(id, to: .cancelled, now: now, db)
        let waiting = TaskRun.filter(TaskRun.CodingKeys.taskID == id && TaskRun.CodingKeys.state == RunState.claimed)
        for run in try waiting.fetchAll(db) {
            try TaskRun.end(run.id, .stopped, detail: "the task was cancelled", at: now, db)
        }
        return task
    }

    /// Asks for a run now, beside its schedule, which stays as it is.
    package static func runNow(_ id: TaskID, now: Timestamp, _ db: Database) throws -> TaskRun {
        guard let task = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no task \(id)") }
        guard task.state != .cancelled else { throw StoreError(.conflict, "task \(id) is cancelled: make another") }
        var run = TaskRun(task, dueAt: now, isManual: true, at: now)
        let taken = TaskRun.filter(TaskRun.CodingKeys.taskID == id && TaskRun.CodingKeys.isManual)
        // Two that are asked for in one millisecond are two.
        while try taken.filter(TaskRun.CodingKeys.dueAt == run.dueAt).fetchCount(db) > 0 {
            run.dueAt = run.dueAt + .milliseconds(1)
        }
        try run.insert(db)
        return run
    }

    /// Removes tasks that ended before this time.
    package static func prune(endedBefore time: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM tasks WHERE state IN ('done', 'cancelled') AND updated_at < ? AND NOT EXISTS (
                    SELECT 1 FROM task_runs WHERE task_id = tasks.id
                        AND (state IN ('claimed', 'running') OR notice IS NOT NULL))
                """,
            arguments: [time]
        )
    }

    // MARK: - Parts

    private static func live(_ id: TaskID, orDone: Bool = false, _ db: Database) throws -> ScheduledTask {
        guard let task = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no task \(id)") }
        guard task.state.isLive || (orDone && task.state == .done) else {
            throw StoreError(.conflict, "task \(id) is \(task.state.rawValue): make another")
        }
        return task
    }

    private static func change(
        _ id: TaskID,
        to state: TaskState,
        now: Timestamp,
        _ db: Database
    ) throws -> ScheduledTask {
        var task = try live(id, db)
        guard task.state != state else { return task }
        task.state = state
        if !state.isLive { task.nextDue = nil }
        task.updatedAt = now
        try task.update(db)
        return task
    }

    private mutating func take(_ fields: TaskFields) throws {
        if let text = fields.prompt {
            guard !text.isEmpty, text.utf8.count <= TaskLimits.prompt else {
                throw StoreError(.invalid, "prompt: needs 1 to \(TaskLimits.prompt) bytes, this has \(text.utf8.count)")
            }
            prompt = text
        }
        if let text = fields.script {
            guard text.utf8.count <= TaskLimits.script, !text.utf8.contains(0) else {
                throw StoreError(
                    .invalid,
                    "script: at most \(TaskLimits.script) bytes: keep the rest in a file of the agent's folder"
                )
            }
            script = text.isEmpty ? nil : text
            isScriptOfAgent = fields.isOfAgent && script != nil
        }
        if let text = fields.name {
            if !text.isEmpty { try Text.check("name", text, limit: TaskLimits.name) }
            name = text.isEmpty ? nil : text
        }
        if let text = fields.missedRuns {
            guard let policy = MissedRunPolicy(rawValue: text) else {
                throw StoreError(.invalid, "missed runs: \"\(text.prefix(40))\" is none of skip, latest, all")
            }
            missedRuns = policy
        }
        isFresh = fields.isFresh ?? isFresh
    }

    private mutating func reschedule(_ fields: TaskFields, now: Timestamp) throws -> String? {
        // One that can no longer be read is replaced like any other.
        let before = try? schedule()
        let after: TaskSchedule
        if fields.namesSchedule {
            after = try TaskSchedule(
                at: fields.at,
                every: fields.every.flatMap { $0.isEmpty ? nil : $0 },
                cron: fields.cron.flatMap { $0.isEmpty ? nil : $0 },
                zone: fields.zone ?? zone,
                now: now
            )
        } else if fields.makesSingle {
            guard let nextDue else { throw StoreError(.invalid, "it has no further run: give it a time with \"at\"") }
            after = try TaskSchedule(
                kind: .once,
                text: try schedule().local(nextDue),
                anchor: nextDue,
                zone: fields.zone ?? zone
            )
        } else if let zone = fields.zone, zone != self.zone {
            after = try moved(to: zone, now: now)
        } else {
            return nil
        }
        // The same words for the same zone are the same grid, wherever it was begun.
        let isSame = before.map { (after.kind, after.text, after.zone) == ($0.kind, $0.text, $0.zone) } ?? false
        if isSame, fields.at == nil, state != .done { return nil }
        (scheduleKind, scheduleText, anchorAt) = (after.kind, after.text, after.anchor)
        zone = after.zone.identifier
        if let due = nextDue, due <= now { return after.remark }
        nextDue = after.first(from: now)
        if state == .done { state = .active }
        return after.remark
    }

    /// The same words meant in another zone; elapsed time is the same in each.
    private func moved(to zone: String, now: Timestamp) throws -> TaskSchedule {
        switch scheduleKind {
        case .once: try TaskSchedule(at: scheduleText, every: nil, cron: nil, zone: zone, now: now)
        case .interval: try TaskSchedule(kind: .interval, text: scheduleText, anchor: anchorAt, zone: zone)
        case .cron: try TaskSchedule(at: nil, every: nil, cron: scheduleText, zone: zone, now: now)
        }
    }
}
