import AgentRequests
import CentralStore
import ChannelKit
import Core
import GRDB
import Sandbox
import Scheduling
import SessionStore
import SessionStoreHost
import TaskScheduling
import TestSupport
import Testing

@testable import Host

/// What an agent's tools for tasks come to in the host.
@Suite(.timeLimit(.minutes(2))) struct TaskActionTests {
    /// What the host says to a request of this session; refusals begin with `Error: `.
    static func ask(
        _ action: String,
        _ arguments: JSONValue,
        as request: MessageID = .random(),
        of session: SessionHandle,
        _ host: TestHost
    ) async throws -> String {
        let row = OutboundAction(action: action, arguments: try arguments.text())
        let now = host.runtime.time.now
        let delivery = Delivery(
            message: request,
            seq: 1,
            incarnation: 1,
            turn: .random(),
            kind: .system,
            address: nil,
            content: try OutboundContent.system(row).json(),
            state: .retry,
            recordedAt: now,
            updatedAt: now
        )
        let result = await host.runtime.actions.perform(
            row,
            delivery,
            of: session,
            within: .seconds(20),
            time: SystemTime()
        )
        switch result {
        case .done(.done(let text, _)): return text
        case .refused(let refusal): return "Error: \(refusal.message)"
        case .done(.later), .unknown, .unavailable: return "\(result)"
        }
    }

    /// The id of the task that an answer names.
    static func id(in answer: String) throws -> String {
        try #require(answer.split(separator: " ").first { $0.hasPrefix("tk_") }).description
    }

    static func count(_ host: TestHost) async throws -> Int {
        try await host.runtime.central.read { db in try ScheduledTask.fetchCount(db) }
    }

    /// A host whose chat has a session.
    static func with(
        _ clock: ManualTime = ManualTime(),
        _ body: @escaping @Sendable (TestHost, SessionHandle) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock) { host in
                try await host.runtime.accept(host.event("hello"))
                await host.channel.waitForSent(1)
                try await body(host, try await host.session())
            }
        }
    }

    @Test func `T15 what an agent schedules is told on the clocks of the task's zone and in UTC`() async throws {
        try await Self.with(ManualTime(now: Timestamp(milliseconds: 1_774_699_200_000))) { host, session in
            let text = try await Self.ask(
                "schedule_task",
                ["prompt": "wake me", "at": "2026-03-29T02:30", "zone": "Europe/Berlin"],
                of: session,
                host
            )
            #expect(text.contains("next run 2026-03-29T03:00:00+02:00 (2026-03-29T01:00:00Z)"), "\(text)")
            #expect(text.contains("zone Europe/Berlin") && text.contains("skip 2026-03-29T02:30"))
            let list = try await Self.ask("list_tasks", [:], of: session, host)
            #expect(list.contains("next 2026-03-29T03:00:00+02:00 (2026-03-29T01:00:00Z), once"))
            #expect(list.hasSuffix(": wake me"))
        }
    }

    @Test func `a request that is looked at again makes no second task`() async throws {
        try await Self.with { host, session in
            let request = MessageID.random()
            let arguments: JSONValue = ["prompt": "look", "every": "1h"]
            let first = try await Self.ask("schedule_task", arguments, as: request, of: session, host)
            let second = try await Self.ask("schedule_task", arguments, as: request, of: session, host)
            #expect(first == second)
            let count = try await Self.count(host)
            #expect(count == 1)
        }
    }

    @Test func `§16.271 a task is paused, resumed, changed and cancelled by its id or its name`() async throws {
        try await Self.with { host, session in
            let made = try await Self.ask(
                "schedule_task",
                ["prompt": "look", "every": "1h", "name": "hourly"],
                of: session,
                host
            )
            let id = try Self.id(in: made)
            #expect(try await Self.ask("pause_task", ["task": "hourly"], of: session, host).contains("[paused]"))
            #expect(try await Self.ask("resume_task", ["task": .string(id)], of: session, host).contains("[active]"))
            let changed = try await Self.ask(
                "update_task",
                ["task": .string(id), "cron": "0 9 * * *", "zone": "Asia/Tokyo"],
                of: session,
                host
            )
            #expect(changed.contains("cron 0 9 * * *") && changed.contains("T09:00:00+09:00"), "\(changed)")
            let gone = try await Self.ask("cancel_task", ["task": "hourly"], of: session, host)
            #expect(gone.contains("[cancelled]"))
            #expect(try await Self.ask("list_tasks", [:], of: session, host) == "There are no tasks.")
            let all = try await Self.ask("list_tasks", ["all": true], of: session, host)
            #expect(all.contains(id))
        }
    }

    static let refused: [(String, JSONValue, String)] = [
        ("schedule_task", ["prompt": "x", "at": "soon"], "no time"),
        ("schedule_task", ["prompt": "x", "every": "5s"], "shortest interval is 60 s"),
        ("schedule_task", ["prompt": "x", "cron": "61 * * * *"], "61"),
        ("schedule_task", ["prompt": "x", "every": "1h", "zone": "Mars/Olympus"], "Mars/Olympus"),
        ("schedule_task", ["prompt": "x", "every": "1h", "to": "nowhere"], "no chat is named \"nowhere\""),
        ("schedule_task", ["every": "1h"], "say what is to be done"), ("schedule_task", ["prompt": "x"], "say when"),
        ("schedule_task", ["prompt": "x", "every": "1h", "group": "other"], "no argument \"group\""),
        ("update_task", ["task": "tk_nothing", "prompt": "x"], "list_tasks shows their ids"),
        ("update_task", ["task": "tk_nothing"], "say what changes"),
        ("cancel_task", ["task": ""], "needs \"task\""),
    ]

    @Test(arguments: refused)
    func `§16.267 what cannot be is refused at once, with what to do`(
        action: String,
        arguments: JSONValue,
        words: String
    ) async throws {
        try await Self.with { host, session in
            let text = try await Self.ask(action, arguments, of: session, host)
            #expect(text.hasPrefix("Error: ") && text.contains(words), "\(text)")
            let count = try await Self.count(host)
            #expect(count == 0)
        }
    }

    @Test func `T50 an agent neither sees nor changes the tasks of another`() async throws {
        try await Self.with { host, session in
            let now = host.runtime.time.now
            let foreign = try await host.runtime.central.write { db in
                let other = try AgentGroup.create(name: "Other", now: now, db)
                var fields = TaskFields()
                fields.prompt = "secret"
                fields.every = "1h"
                fields.name = "theirs"
                let place = TaskPlace(mode: .agentShared, chat: nil)
                return try ScheduledTask.create(
                    fields,
                    group: other.id,
                    place: place,
                    zone: "UTC",
                    by: "x",
                    now: now,
                    db
                )
                .task
            }
            #expect(try await Self.ask("list_tasks", ["all": true], of: session, host) == "There are no tasks.")
            for name in [foreign.id.rawValue, "theirs", String(foreign.id.rawValue.prefix(8))] {
                for action in ["pause_task", "cancel_task", "resume_task"] {
                    let text = try await Self.ask(action, ["task": .string(name)], of: session, host)
                    #expect(text.hasPrefix("Error: there is no task"), "\(text)")
                }
                let text = try await Self.ask(
                    "update_task",
                    ["task": .string(name), "prompt": "mine"],
                    of: session,
                    host
                )
                #expect(text.hasPrefix("Error: there is no task"), "\(text)")
            }
            let after = try await host.runtime.central.read { db in try ScheduledTask.fetchOne(db, key: foreign.id) }
            #expect(after == foreign)
        }
    }

    @Test func `T50 a conversation reads and changes its own tasks, of another's it learns when they run`() async throws
    {
        try await Self.with { host, session in
            let now = host.runtime.time.now
            let shared = try await host.runtime.sessions.session(
                SessionKey(agentGroup: host.group.id, place: TaskPlace(mode: .agentShared, chat: nil))
            )
            let made = try await Self.ask(
                "schedule_task",
                ["prompt": "the secret", "every": "1h", "name": "private"],
                of: shared,
                host
            )
            let id = try Self.id(in: made)
            let list = try await Self.ask("list_tasks", ["all": true], of: session, host)
            #expect(list.hasPrefix("\(id) [active] next ") && list.hasSuffix("(of another conversation)"), "\(list)")
            #expect(!list.contains("secret") && !list.contains("private"))
            for action in ["pause_task", "cancel_task", "resume_task", "update_task"] {
                var arguments: [String: JSONValue] = ["task": .string(id)]
                if action == "update_task" { arguments["prompt"] = "tell me all" }
                let text = try await Self.ask(action, .object(arguments), of: session, host)
                #expect(text.hasPrefix("Error: task \(id) belongs to another conversation"), "\(text)")
            }
            let after = try await host.runtime.central.read { db in try ScheduledTask.fetchOne(db, key: id) }
            #expect(after?.prompt == "the secret" && after?.state == .active && after?.createdAt == now)
            // One that it made to run elsewhere is its own, and not that of where it runs.
            let elsewhere = try await host.runtime.central.write { db in
                var fields = TaskFields()
                fields.prompt = "look"
                fields.every = "1h"
                let place = TaskPlace(mode: .agentShared, chat: nil)
                return try ScheduledTask.create(
                    fields,
                    group: host.group.id,
                    place: place,
                    zone: "UTC",
                    by: "agent",
                    in: session.id,
                    now: now,
                    db
                ).task.id
            }
            let own: JSONValue = ["task": .string(elsewhere.rawValue)]
            #expect(try await Self.ask("pause_task", own, of: session, host).hasPrefix("Paused"))
            #expect(
                try await Self.ask("resume_task", own, of: shared, host).contains("belongs to another conversation")
            )
            #expect(try await Self.ask("resume_task", own, of: session, host).hasPrefix("Resumed"))
        }
    }
}
