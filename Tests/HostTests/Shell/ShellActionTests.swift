import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Scheduling
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// Commands of an agent that needs somebody's word for them, from the request to the answer that lets them run.
@Suite(.timeLimit(.minutes(1))) struct ShellActionTests {
    /// A host with buttons whose owner is asked, and the session of its chat.
    private func with(_ body: @escaping @Sendable (TestHost, SessionHandle) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                try await host.runtime.central.write { db in
                    _ = try AgentGroupConfig.update(host.group.id, now: Timestamp(milliseconds: 1), db) {
                        $0.config.shellPolicy = .ask
                    }
                }
                try await body(host, try await host.madeSession())
            }
        }
    }

    @discardableResult
    private func request(
        _ command: JSONValue,
        as id: MessageID = .random(),
        _ session: SessionHandle,
        _ host: TestHost
    ) async throws -> String {
        try await TaskActionTests.ask("shell_command", command, as: id, of: session, host)
    }

    private func open(_ host: TestHost) async throws -> [ApprovalRow] {
        try await host.runtime.central.read { db in
            try ApprovalRow.filter(sql: "status = 'pending'").order(sql: "created_at").fetchAll(db)
        }
    }

    /// The answers that the session holds, with what they let run.
    private func answers(_ session: SessionHandle) async throws -> [(about: MessageID?, command: AllowedCommand?)] {
        try await session.store.history(limit: 100).filter { $0.kind == "system" && !$0.isOutgoing }.map { row in
            let content = try JSONText.decode(SystemContent.self, row.content)
            return (content.about, content.allowedCommand)
        }
    }

    @Test func `T45 a command is shown whole, and exactly its bytes are given back once an admin has allowed it`()
        async throws
    {
        try await with { host, session in
            let id = MessageID.random()
            let command: JSONValue = ["command": "rm -r  build\nmake", "timeout_seconds": 90]
            try await request(command, as: id, session, host)
            let row = try #require(try await open(host).first)
            #expect(row.agentGroupID == host.group.id && row.plan.contains(#""rm -r  build\nmake""#), "\(row.plan)")
            #expect(row.title.contains("rm -r  build"), "\(row.title)")
            try await host.waitForAsked(1)
            #expect(host.asked[0].contains("rm -r  build") && host.asked[0].contains("make"), "\(host.asked)")
            #expect(try await host.press(row.id) == .taken)
            try await host.eventually("the answer is there") { try await answers(session).contains { $0.about == id } }
            let allowed = try await answers(session).filter { $0.command != nil }
            #expect(allowed.map(\.command) == [AllowedCommand(command: "rm -r  build\nmake", timeoutSeconds: 90)])
            // The row is looked at again, as after a death of the host: nothing more is asked or allowed.
            try await request(command, as: id, session, host)
            #expect(try await open(host).isEmpty)
        }
    }

    @Test func `T45 a no lets nothing run, and two who asked for the same get one run`() async throws {
        try await with { host, session in
            try await request(["command": "make"], session, host)
            let refused = try #require(try await open(host).first)
            #expect(try await host.press(refused.id, "deny") == .taken)
            try await host.end(of: refused.id)
            try await host.eventually("the answer is there") { try await answers(session).count == 1 }
            #expect(try await answers(session)[0].command == nil)

            for _ in 0..<2 { try await request(["command": "make all"], session, host) }
            let rows = try await open(host)
            #expect(rows.count == 1)
            #expect(try await host.press(rows[0].id) == .taken)
            try await host.eventually("both are told") { try await answers(session).count == 3 }
            #expect(try await answers(session).compactMap(\.command) == [AllowedCommand(command: "make all")])
        }
    }

    @Test func `T49 always is for exactly this command`() async throws {
        try await with { host, session in
            try await request(["command": "make"], session, host)
            let row = try #require(try await open(host).first)
            #expect(try await host.press(row.id, "always") == .taken)
            try await host.end(of: row.id)
            let again = MessageID.random()
            // Twice the same row: one run.
            for _ in 0..<2 { try await request(["command": "make"], as: again, session, host) }
            try await host.eventually("a grant answers") {
                try await answers(session).contains { $0.about == again && $0.command?.command == "make" }
            }
            #expect(try await open(host).isEmpty)
            #expect(try await answers(session).count { $0.about == again } == 1)
            for other: JSONValue in [["command": "make "], ["command": "make", "background": true]] {
                try await request(other, session, host)
            }
            #expect(try await open(host).count == 2)
        }
    }

    @Test(
        arguments: [
            (["command": .string(String(repeating: "x", count: 2001))], "nobody can judge"),
            (["command": "ls", "timeout_seconds": 0], "timeout_seconds"), ([:], "command"),
            (["command": "ls", "cwd": "/"], "cwd"),
        ] as [(JSONValue, String)]
    )
    func `what cannot be asked is refused with the reason`(command: JSONValue, reason: String) async throws {
        try await with { host, session in
            let text = try await request(command, session, host)
            #expect(text.hasPrefix("Error: ") && text.contains(reason), "\(text)")
            #expect(try await open(host).isEmpty)
        }
    }

    @Test func `a task's script of an agent does no more than read, a person's runs`() async throws {
        try await with { host, session in
            let script: JSONValue = "touch begun"
            let refused = try await TaskActionTests.ask(
                "schedule_task",
                ["prompt": "x", "every": "1h", "script": script],
                of: session,
                host
            )
            #expect(refused.hasPrefix("Error: script: ") && refused.contains("nanoclaw tasks update"), "\(refused)")
            let made = try await TaskActionTests.ask(
                "schedule_task",
                ["prompt": "x", "every": "1h", "name": "hourly", "script": #"echo '{"wakeAgent":true}'"#],
                of: session,
                host
            )
            #expect(made.hasPrefix("Scheduled"), "\(made)")
            let changed = try await TaskActionTests.ask(
                "update_task",
                ["task": "hourly", "script": script],
                of: session,
                host
            )
            #expect(changed.hasPrefix("Error: script: "), "\(changed)")
            // The policy is newer than a script: it does not run either, unless a person has set it since.
            try await host.runtime.central.write { db in
                try db.execute(sql: "UPDATE tasks SET script = 'touch begun'")
            }
            func dispatch() async throws {
                let task = try #require(try await host.runtime.central.read { try ScheduledTask.fetchOne($0) })
                let now = host.runtime.time.now
                _ = try await host.runtime.taskPort.dispatch(TaskRun(task, dueAt: now, at: now), of: task)
            }
            await #expect(throws: (any Error).self) { try await dispatch() }
            _ = try await host.control("tasks update", ["task": "hourly", "script": script])
            try await dispatch()
        }
    }
}
