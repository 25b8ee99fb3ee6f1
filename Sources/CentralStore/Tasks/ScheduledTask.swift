package import Core
import GRDB
package import Scheduling

/// `tasks`: something that an agent is to do at a time, or again and again.
package struct ScheduledTask: CentralRecord {
    package static let databaseTableName = "tasks"

    package var id: TaskID
    package var agentGroupID: AgentGroupID
    /// What people call it; nil when nobody named it.
    package var name: String?
    /// With chat and thread: the session that runs it.
    package var sessionMode: SessionMode
    /// The chat that it speaks in; nil only in mode `agent-shared`: then it speaks nowhere by itself.
    package var messagingGroupID: MessagingGroupID?
    package var threadID: String?
    package var prompt: String
    package var script: String?
    /// True for a script that an agent wrote, and no person since.
    package var isScriptOfAgent = false
    /// True when its turns are given nothing of the conversation.
    package var isFresh: Bool
    package var scheduleKind: TaskSchedule.Kind
    package var scheduleText: String
    package var anchorAt: Timestamp?
    /// IANA name.
    package var zone: String
    package var missedRuns: MissedRunPolicy
    package var state: TaskState
    /// The first occurrence that is not claimed; nil when none comes any more.
    package var nextDue: Timestamp?
    /// Runs that failed in a row.
    package var failures: Int
    /// The person who had it made, `<channel>:<id>`, or `agent`.
    package var createdBy: String
    /// The conversation that it was made in; nil when a person made it outside of any.
    package var createdIn: SessionID?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case agentGroupID = "agent_group_id"
        case name
        case sessionMode = "session_mode"
        case messagingGroupID = "messaging_group_id"
        case threadID = "thread_id"
        case prompt, script
        case isScriptOfAgent = "is_script_of_agent"
        case isFresh = "is_fresh"
        case scheduleKind = "schedule_kind"
        case scheduleText = "schedule"
        case anchorAt = "anchor_at"
        case zone
        case missedRuns = "missed_runs"
        case state
        case nextDue = "next_due"
        case failures
        case createdBy = "created_by"
        case createdIn = "created_in"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// When it runs; throws ``SchedulingError`` when the machine no longer knows its zone.
    package func schedule() throws -> TaskSchedule {
        try TaskSchedule(kind: scheduleKind, text: scheduleText, anchor: anchorAt, zone: zone)
    }

    /// What people call it: its name, else the beginning of its prompt.
    package var label: String {
        if let name { return name }
        let line = prompt.split(whereSeparator: \.isNewline).first.map(String.init) ?? prompt
        return line.count > 80 ? "\(line.prefix(79))…" : line
    }
}

/// `task_runs`: one run of a task.
package struct TaskRun: CentralRecord {
    package static let databaseTableName = "task_runs"

    package var id: TaskRunID
    package var taskID: TaskID
    /// The occurrence; for a run that somebody asked for, when they did.
    package var dueAt: Timestamp
    package var isManual: Bool
    package var state: RunState
    /// As they were when the occurrence was claimed.
    package var prompt: String
    package var script: String?
    package var isFresh: Bool
    package var sessionID: SessionID?
    /// The row of the session's `inbound.db`.
    package var messageID: MessageID?
    /// Why it ended as it did.
    package var detail: String?
    /// Who is still to be told of it.
    package var notice: RunVerdict.Notice?
    package var claimedAt: Timestamp
    package var endedAt: Timestamp?

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case taskID = "task_id"
        case dueAt = "due_at"
        case isManual = "is_manual"
        case state, prompt, script
        case isFresh = "is_fresh"
        case sessionID = "session_id"
        case messageID = "message_id"
        case detail, notice
        case claimedAt = "claimed_at"
        case endedAt = "ended_at"
    }

    /// A run of this task as it is now.
    package init(
        _ task: ScheduledTask,
        dueAt: Timestamp,
        isManual: Bool = false,
        state: RunState = .claimed,
        at now: Timestamp
    ) {
        id = .random()
        taskID = task.id
        self.dueAt = dueAt
        self.isManual = isManual
        self.state = state
        prompt = task.prompt
        script = task.script
        isFresh = task.isFresh
        claimedAt = now
    }
}

extension TaskID: DatabaseValueConvertible {}
extension TaskRunID: DatabaseValueConvertible {}
extension TaskState: DatabaseValueConvertible {}
extension RunState: DatabaseValueConvertible {}
extension MissedRunPolicy: DatabaseValueConvertible {}
extension TaskSchedule.Kind: DatabaseValueConvertible {}
extension RunVerdict.Notice: DatabaseValueConvertible {}
