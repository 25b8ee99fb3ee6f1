import AgentRequests
import CentralStore
import Core
import GRDB
import Scheduling
import TaskScheduling

/// What an agent may ask of the host about tasks: those of the conversation that asks, see ``TaskReach``.
struct TaskActions: Sendable {
    let central: CentralStore
    let desk: TaskDesk
    let time: any TimeSource

    /// All of them.
    var all: [any HostAction] {
        [
            TaskAction("schedule_task", schedule), TaskAction("list_tasks", list), TaskAction("update_task", update),
            TaskAction("pause_task") { try await self.change($0, "Paused", ScheduledTask.pause) },
            TaskAction("resume_task") { try await self.change($0, "Resumed", ScheduledTask.resume) },
            TaskAction("cancel_task") { try await self.change($0, "Cancelled", ScheduledTask.cancel) },
        ]
    }

    /// Words for the agent and the task for its tool, as they are kept of a request that was carried out.
    private struct Answer: Codable, Sendable {
        var text: String
        var task: JSONValue

        var outcome: HostActionOutcome { .done(text, task) }
    }

    private func schedule(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var request = request
        let fields = try TaskFields(&request.arguments)
        let to = try request.arguments.optional("to", most: 64)
        try request.arguments.finish()
        let (asker, address) = (try await request.asker(), try await request.address())
        let (group, session, now) = (request.agentGroup, request.session, time.now)
        let answer = try await refusing {
            try await request.performOnce(in: central, changesRouting: false) { db -> Answer in
                try ScriptRule.check(fields, of: group, db)
                let asked = try address.flatMap { try MessagingGroup.at($0, db)?.id }
                let chat = try to.map { try Self.chat(named: $0, of: group, db) }
                let place = try desk.place(
                    of: session,
                    speaksIn: chat ?? (session.origin == nil ? asked : nil),
                    thread: chat == nil ? address?.thread : nil,
                    db
                )
                let (task, remark) = try ScheduledTask.create(
                    fields,
                    group: group,
                    place: place,
                    zone: try desk.zone(of: group, db),
                    by: asker?.description ?? "agent",
                    in: session.id,
                    now: now,
                    db
                )
                return try Self.answer("Scheduled", task, remark, db)
            }
        }
        desk.changed()
        return answer.outcome
    }

    private func list(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var request = request
        let all = try request.arguments.flag("all") ?? false
        try request.arguments.finish()
        let (group, session) = (request.agentGroup, request.session.id)
        let lines = try await central.read { db in
            let reach = try TaskReach(session, db)
            return try TaskView.list(group: group, all: all, limit: 200, db).map { task in
                reach.covers(task) ? TaskView.line(task) : TaskView.foreignLine(task)
            }
        }
        return .done(lines.isEmpty ? "There are no tasks." : lines.joined(separator: "\n"))
    }

    private func update(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var request = request
        let text = try request.arguments.required("task", most: 200)
        let fields = try TaskFields(&request.arguments)
        try request.arguments.finish()
        guard fields.saysSomething else { throw HostActionRefusal("update_task: say what changes") }
        let (group, session, now) = (request.agentGroup, request.session.id, time.now)
        let answer = try await refusing {
            try await request.performOnce(in: central, changesRouting: false) { db -> Answer in
                let task = try Self.task(text, of: group, within: TaskReach(session, db), db)
                try ScriptRule.check(fields, of: group, db)
                let (changed, remark) = try ScheduledTask.update(task.id, fields, now: now, db)
                return try Self.answer("Updated", changed, remark, db)
            }
        }
        desk.changed()
        return answer.outcome
    }

    private func change(
        _ request: HostActionRequest,
        _ done: String,
        _ change: @escaping @Sendable (TaskID, Timestamp, Database) throws -> ScheduledTask
    ) async throws -> HostActionOutcome {
        var request = request
        let text = try request.arguments.required("task", most: 200)
        try request.arguments.finish()
        let (group, session, now) = (request.agentGroup, request.session.id, time.now)
        let answer = try await refusing {
            try await request.performOnce(in: central, changesRouting: false) { db -> Answer in
                let task = try Self.task(text, of: group, within: TaskReach(session, db), db)
                return try Self.answer(done, try change(task.id, now, db), nil, db)
            }
        }
        desk.changed()
        return answer.outcome
    }

    // MARK: - Parts

    /// A task of this group by id, name or beginning of the id; one of another group is as good as none.
    private static func task(
        _ text: String,
        of group: AgentGroupID,
        within reach: TaskReach,
        _ db: Database
    ) throws -> ScheduledTask {
        let own = try ScheduledTask.filter(ScheduledTask.CodingKeys.agentGroupID == group).fetchAll(db)
        let found =
            [
                own.filter { $0.id.rawValue == text }, own.filter { $0.name == text && $0.state.isLive },
                text.utf8.count < 4 ? [] : own.filter { $0.id.rawValue.hasPrefix(text) },
            ].first { !$0.isEmpty } ?? []
        guard let task = found.first, found.count == 1 else {
            let what = found.isEmpty ? "there is no task" : "more than one task is meant by"
            throw HostActionRefusal("\(what) \"\(text.prefix(80))\": list_tasks shows their ids")
        }
        guard reach.covers(task) else {
            throw HostActionRefusal(
                "task \(task.id) belongs to another conversation: it is changed there, or by a person with `nanoclaw tasks`"
            )
        }
        return task
    }

    private static func chat(named name: String, of group: AgentGroupID, _ db: Database) throws -> MessagingGroupID {
        let all = try Destination.filter(Destination.CodingKeys.agentGroupID == group)
            .order(Destination.CodingKeys.localName).fetchAll(db).filter { $0.messagingGroupID != nil }
        guard let chat = all.first(where: { $0.localName == name })?.messagingGroupID else {
            let names = all.map(\.localName).joined(separator: ", ")
            throw HostActionRefusal("no chat is named \"\(name.prefix(80))\" among the destinations: \(names)")
        }
        return chat
    }

    private static func answer(
        _ done: String,
        _ task: ScheduledTask,
        _ remark: String?,
        _ db: Database
    ) throws -> Answer {
        let schedule = try task.schedule()
        let next = task.nextDue.map { "next run \(schedule.both($0))" } ?? "no further run"
        let name = task.name.map { " \"\($0)\"" } ?? ""
        let note = remark.map { " Note: \($0)." } ?? ""
        return Answer(
            text:
                "\(done) task \(task.id)\(name) [\(task.state.rawValue)]: \(schedule.words), zone \(task.zone), \(next).\(note)",
            task: try TaskView.json(task, db)
        )
    }

    /// What the stores say against a request is said to the agent.
    private func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SchedulingError {
            throw HostActionRefusal(error.message)
        } catch let error as StoreError {
            throw HostActionRefusal(error.message)
        } catch let error as HostError where error.code != .unavailable {
            throw HostActionRefusal(error.message)
        }
    }
}

/// An action as a closure.
private struct TaskAction: HostAction {
    let name: String
    private let body: @Sendable (HostActionRequest) async throws -> HostActionOutcome

    init(_ name: String, _ body: @escaping @Sendable (HostActionRequest) async throws -> HostActionOutcome) {
        self.name = name
        self.body = body
    }

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome { try await body(request) }
}
