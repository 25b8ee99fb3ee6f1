package import CentralStore
package import Core
package import GRDB
import Scheduling

/// A task as people, scripts and agents are shown it.
///
/// Its times stand on the clocks of its own zone and in UTC, never on the machine's.
package enum TaskView {
    /// Tasks of a group, or of all, by their next time; without `all` only those that will run again.
    package static func list(
        group: AgentGroupID?,
        all: Bool,
        limit: Int,
        _ db: Database
    ) throws -> [ScheduledTask] {
        try ScheduledTask.fetchAll(
            db,
            sql: """
                SELECT * FROM tasks WHERE (?1 IS NULL OR agent_group_id = ?1) AND (?2 OR state IN ('active', 'paused'))
                ORDER BY state IN ('active', 'paused') DESC, next_due IS NULL, next_due, created_at DESC, id LIMIT ?3
                """,
            arguments: [group, all, limit]
        )
    }

    /// One task with its last run.
    package static func json(_ task: ScheduledTask, _ db: Database) throws -> JSONValue {
        let schedule = try? task.schedule()
        let folder = try String.fetchOne(
            db,
            sql: "SELECT folder FROM agent_groups WHERE id = ?",
            arguments: [task.agentGroupID]
        )
        let chat = try task.messagingGroupID.flatMap { try MessagingGroup.fetchOne(db, key: $0) }
        let last = try runs(of: task.id, limit: 1, db).first
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "id": .string(task.id.rawValue), "name": text(task.name), "agent_group": text(folder),
            "state": .string(task.state.rawValue),
            "schedule": .string(schedule?.words ?? "\(task.scheduleKind.rawValue) \(task.scheduleText)"),
            "schedule_kind": .string(task.scheduleKind.rawValue), "zone": .string(task.zone),
            "next_local": text(task.nextDue.flatMap { schedule?.local($0) }),
            "next_utc": text(task.nextDue.map(TaskSchedule.utc)),
            "missed_runs": .string(task.missedRuns.rawValue), "chat": text(chat?.address.description),
            "thread_id": text(task.threadID), "is_fresh": .bool(task.isFresh), "prompt": .string(task.prompt),
            "script": text(task.script), "failures": .integer(Int64(task.failures)),
            "last_run": try last.map { try json($0, task) } ?? .null, "created_by": .string(task.createdBy),
            "created_at": .integer(task.createdAt.milliseconds), "updated_at": .integer(task.updatedAt.milliseconds),
        ]
    }

    /// A task's last runs, the newest first.
    package static func runs(of task: TaskID, limit: Int, _ db: Database) throws -> [TaskRun] {
        try TaskRun.filter(TaskRun.CodingKeys.taskID == task)
            .order(TaskRun.CodingKeys.claimedAt.desc, TaskRun.CodingKeys.dueAt.desc).limit(limit).fetchAll(db)
    }

    /// One run of that task.
    package static func json(_ run: TaskRun, _ task: ScheduledTask) throws -> JSONValue {
        let schedule = try? task.schedule()
        return [
            "id": .string(run.id.rawValue), "due_local": schedule.map { .string($0.local(run.dueAt)) } ?? .null,
            "due_utc": .string(TaskSchedule.utc(run.dueAt)), "is_manual": .bool(run.isManual),
            "state": .string(run.state.rawValue), "detail": run.detail.map { .string($0) } ?? .null,
            "session": run.sessionID.map { .string($0.rawValue) } ?? .null,
            "claimed_at": .integer(run.claimedAt.milliseconds),
            "ended_at": run.endedAt.map { .integer($0.milliseconds) } ?? .null,
        ]
    }

    /// One line about a task of another conversation: that it is, and when it runs next.
    package static func foreignLine(_ task: ScheduledTask) -> String {
        let schedule = try? task.schedule()
        return "\(task.id) [\(task.state.rawValue)] next \(next(task, schedule)) (of another conversation)"
    }

    private static func next(_ task: ScheduledTask, _ schedule: TaskSchedule?) -> String {
        task.nextDue.map { schedule?.both($0) ?? TaskSchedule.utc($0) } ?? "no further run"
    }

    /// One line for an agent: id, state, next time, schedule, the beginning of the prompt.
    package static func line(_ task: ScheduledTask) -> String {
        let schedule = try? task.schedule()
        let name = task.name.map { " \"\($0)\"" } ?? ""
        let prompt = task.prompt.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(80)
        return
            "\(task.id)\(name) [\(task.state.rawValue)] next \(next(task, schedule)), \(schedule?.words ?? task.scheduleText), "
            + "zone \(task.zone): \(prompt)"
    }
}
