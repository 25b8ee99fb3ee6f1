import CentralStore
import ControlProtocol
import Core
import GRDB
import Scheduling
import TaskScheduling

/// `tasks …`: what agents are to do later.
struct TaskHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "tasks list": { try await self.list(&$0) },
            "tasks show": { try await self.show(&$0) },
            "tasks create": { try await self.create(&$0) },
            "tasks update": { try await self.update(&$0) },
            "tasks run": { try await self.run(&$0) },
            "tasks pause": { try await self.change(&$0, ScheduledTask.pause) },
            "tasks resume": { try await self.change(&$0, ScheduledTask.resume) },
            "tasks cancel": { try await self.change(&$0, ScheduledTask.cancel) },
            "tasks history": { try await self.history(&$0) },
        ]
    }

    /// `group`, `all` (those too that are done or cancelled), `limit` (default 200).
    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        let group = try call.arguments.optional("group")
        let all = try call.arguments.flag("all")
        let limit = Int(try call.arguments.integer("limit", 1...RowQuery.mostRows) ?? 200)
        try call.arguments.finish()
        return try await context.store.read { db in
            let id = try group.map { try Lookup.agentGroup($0, db).id }
            return .array(try TaskView.list(group: id, all: all, limit: limit, db).map { try TaskView.json($0, db) })
        }
    }

    private func show(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("task")
        try call.arguments.finish()
        return try await context.store.read { db in try TaskView.json(try Lookup.task(text, db), db) }
    }

    /// `group`, `prompt`, one of `at`, `every`, `cron`; `chat`, `thread`, `zone`, `script`, `name`, `missedRuns`, `fresh`.
    private func create(_ call: inout ControlCall) async throws -> JSONValue {
        let groupName = try call.arguments.required("group")
        let chatName = try call.arguments.optional("chat")
        let thread = try call.arguments.optional("thread")
        let fields = try Self.fields(&call)
        try call.arguments.finish()
        let (now, caller, desk) = (context.time.now, call.caller, context.tasks)
        let answer = try await scheduling {
            try await context.store.write(changesRouting: false) { db -> JSONValue in
                let group = try Lookup.agentGroup(groupName, db)
                let chat = try chatName.map { try Lookup.messagingGroup($0, db) }
                let place = try desk.place(group, chat: chat, thread: thread, db)
                let zone = try desk.zone(of: group.id, db)
                let (task, remark) = try ScheduledTask.create(
                    fields,
                    group: group.id,
                    place: place,
                    zone: zone,
                    by: caller.description,
                    now: now,
                    db
                )
                return try Self.answer(task, remark, db)
            }
        }
        desk.changed()
        return answer
    }

    /// `task`, and what changes; an empty `script` or `name` is none, an empty `every` or `cron` makes it run once more.
    private func update(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("task")
        let fields = try Self.fields(&call)
        try call.arguments.finish()
        guard fields != TaskFields() else { throw ControlError(.invalidArguments, "tasks update: say what changes") }
        let now = context.time.now
        let answer = try await scheduling {
            try await context.store.write(changesRouting: false) { db -> JSONValue in
                let (task, remark) = try ScheduledTask.update(try Lookup.task(text, db).id, fields, now: now, db)
                return try Self.answer(task, remark, db)
            }
        }
        context.tasks.changed()
        return answer
    }

    private func run(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("task")
        try call.arguments.finish()
        let now = context.time.now
        let answer = try await context.store.write(changesRouting: false) { db -> JSONValue in
            let task = try Lookup.task(text, db)
            return try TaskView.json(try ScheduledTask.runNow(task.id, now: now, db), task)
        }
        context.tasks.changed()
        return answer
    }

    private func change(
        _ call: inout ControlCall,
        _ change: @escaping @Sendable (TaskID, Timestamp, Database) throws -> ScheduledTask
    ) async throws -> JSONValue {
        let text = try call.arguments.required("task")
        try call.arguments.finish()
        let now = context.time.now
        let answer = try await context.store.write(changesRouting: false) { db in
            try TaskView.json(try change(try Lookup.task(text, db).id, now, db), db)
        }
        context.tasks.changed()
        return answer
    }

    /// `task`, `limit` (default 50): its runs, the newest first.
    private func history(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("task")
        let limit = Int(try call.arguments.integer("limit", 1...1000) ?? 50)
        try call.arguments.finish()
        return try await context.store.read { db in
            let task = try Lookup.task(text, db)
            return .array(try TaskView.runs(of: task.id, limit: limit, db).map { try TaskView.json($0, task) })
        }
    }

    private static func fields(_ call: inout ControlCall) throws -> TaskFields {
        var fields = TaskFields()
        fields.prompt = try call.arguments.optional("prompt")
        fields.at = try call.arguments.optional("at")
        fields.every = try call.arguments.optional("every")
        fields.cron = try call.arguments.optional("cron")
        fields.zone = try call.arguments.optional("zone")
        fields.script = try call.arguments.optional("script")
        fields.name = try call.arguments.optional("name")
        fields.missedRuns = try call.arguments.optional("missedRuns")
        fields.isFresh = try call.arguments.optionalFlag("fresh")
        return fields
    }

    private static func answer(_ task: ScheduledTask, _ remark: String?, _ db: Database) throws -> JSONValue {
        guard case .object(var fields) = try TaskView.json(task, db), let remark else {
            return try TaskView.json(task, db)
        }
        fields["remark"] = .string(remark)
        return .object(fields)
    }

    /// What cannot be scheduled is a wrong argument, not a failure of the host.
    private func scheduling(_ body: () async throws -> JSONValue) async throws -> JSONValue {
        do {
            return try await body()
        } catch let error as SchedulingError {
            throw ControlError(.invalidArguments, error.message)
        }
    }
}
