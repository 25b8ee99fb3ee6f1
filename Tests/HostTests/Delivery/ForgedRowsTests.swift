import CentralStore
import ChannelKit
import Core
import GRDB
import Glibc
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// Rows written straight into `outbound.db`, as only somebody who has taken over a runner can.
@Suite(.timeLimit(.minutes(2))) struct ForgedRowsTests {
    /// What the rows are made of: names that exist, verbs that people have, and shapes that parsers trip over.
    private struct Forger {
        var generator: Seeded
        let ids: [String]
        /// The actions that the host knows.
        let names: [String]
        /// Names of tasks that are others'.
        let tasks: [String]
        private static let actions = [
            "roles grant", "grant_owner", "members add", "groups create", "create_agent", "groups config set",
            "providers set", "wirings create", "destinations add", "messaging-groups set", "install_packages",
            "add_mcp_server", "approve", "approval_answer", "register_group", "config set", "sessions reset", "stop",
            "schedule_task", "ask_user_question", "cli", "cli_command", "send_card", "users add", "",
            "DROP TABLE users", "../../nanoclaw.db", "roles grant\0", "ROLES GRANT",
        ]
        private static let keys = [
            "user", "role", "group", "groupID", "agentGroupID", "name", "folder", "command", "arguments", "approved",
            "nonce", "sql", "path", "policy", "isOwner", "session", "title", "question", "options", "wait", "words",
            "prompt", "task", "every", "at", "script", "to", "instructions",
        ]

        /// What an action needs, so that only the decision stands in the way; nil for one that is not known here.
        static func needed(_ action: String, task: String) -> [String: JSONValue]? {
            switch action {
            case "ask_user_question":
                ["title": "Which?", "question": "Which one?", "options": ["a", "b"], "wait": false]
            case "cancel_task", "pause_task", "resume_task": ["task": .string(task)]
            case "cli": ["words": ["members", "add", "test:evil"]]
            case "create_agent": ["name": "Forged", "instructions": "Do as I say."]
            case "list_tasks": ["all": true]
            case "schedule_task": ["prompt": "forged", "every": "1h"]
            case "shell_command": ["command": "rm -rf /"]
            case "update_task": ["task": .string(task), "prompt": "forged"]
            default: nil
            }
        }

        /// A request with each action, for each task where there is a choice.
        func requests() throws -> [OutboundAction] {
            try names.flatMap { name in
                let needed = Set(tasks.compactMap { Self.needed(name, task: $0).map(JSONValue.object) })
                return try needed.map { OutboundAction(action: name, arguments: try $0.text()) }
            }
        }

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: 0..<elements.count, using: &generator)]
        }

        private mutating func word() -> String {
            let odd = ["owner", "admin", "public", "*", "true", "' OR 1=1 --", "; rm -rf /", "\u{202E}x", "test:evil"]
            return pick(ids + odd)
        }

        private mutating func value(_ depth: Int = 0) -> JSONValue {
            switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &generator) {
            case 0: return .string(word())
            case 1: return .integer(pick([0, 1, -1, .max, .min]))
            case 2: return .bool(true)
            case 3: return .null
            case 4: return .array([value(depth + 1), value(depth + 1)])
            default: return fields(depth + 1)
            }
        }

        private mutating func fields(_ depth: Int) -> JSONValue {
            .object(Dictionary((0..<2).map { _ in (pick(Self.keys), value(depth)) }) { _, last in last })
        }

        /// Kind and content of a row.
        mutating func content() throws -> (String, String) {
            let arguments = try fields(0).text()
            switch Int.random(in: 0..<12, using: &generator) {
            case 10:
                // Well-formed, so that only the decision stands in the way.
                let words = pick(["roles grant", "members add", "groups config update", "destinations add", "up"])
                let call: JSONValue = [
                    "words": .array(words.split(separator: " ").map { .string(String($0)) } + [.string(word())])
                ]
                return ("system", try JSONText.encode(OutboundAction(action: "cli", arguments: try call.text())))
            case 0: return ("edit", try JSONText.encode(OutboundEdit(seq: pick([0, 1, 2, 3, -1, .max]), text: word())))
            case 1: return ("reaction", try JSONText.encode(OutboundReaction(seq: pick([1, 2, 3]), emoji: word())))
            case 2:
                return ("chat", try JSONText.encode(OutboundChat(text: "approved: \(word())", files: ["../\(word())"])))
            case 3: return ("system", arguments)
            case 4:
                // What it needs, with something else beside it or in its place.
                let name = pick(names)
                var needed = Self.needed(name, task: pick(tasks)) ?? [:]
                needed[pick(Self.keys)] = value()
                let text = try JSONValue.object(needed).text()
                return ("system", try JSONText.encode(OutboundAction(action: name, arguments: text)))
            default:
                let name = pick(Self.actions + names)
                return ("system", try JSONText.encode(OutboundAction(action: name, arguments: arguments)))
            }
        }

        mutating func address(_ own: ChatAddress) -> (String?, String?) {
            pick([
                (nil, nil), (own.channel, own.platformID), ("test", "elsewhere"), ("test", "c2"), ("agent", ids[0]),
                ("cli", "cli:local:main"),
                (own.channel, "\(own.platformID) "), ("nowhere", own.platformID),
            ])
        }
    }

    /// Every row of every table that says who may do what, and every task but those that this session has made, as text.
    private func authority(_ host: TestHost, _ own: SessionID) async throws -> [String] {
        // What the host notes while it works: who lives, who has something open, when a session was last used.
        let working: Set = [
            "dirty", "runners", "sessions", "cli_messages", "cli_readers", "sqlite_sequence", "agent_messages",
            "agent_limit_notices",
        ]
        // To ask is free: who is asked, and where they are reached.
        let asking: Set = [
            "action_answers", "approval_askers", "audit", "approvals", "cards", "pending_questions",
            "performed_actions", "user_dms",
        ]
        return try await host.runtime.central.read { db in
            let tables = try String.fetchAll(
                db,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            var rows: [String] = []
            for table in tables where !working.union(asking).contains(table) {
                let others = table == "tasks" ? "WHERE created_in IS NOT '\(own)'" : ""
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\" \(others)") {
                    rows.append("\(table) \(row)")
                }
            }
            // An agent may write to itself, in its own conversation for agents.
            let sessions = """
                SELECT id, agent_group_id, mode, messaging_group_id, thread_id, status FROM sessions
                WHERE messaging_group_id IS NOT NULL OR agent_group_id <> '\(host.group.id)'
                """
            for row in try Row.fetchAll(db, sql: sessions) { rows.append("sessions \(row)") }
            return rows.sorted()
        }
    }

    /// Another conversation of the same agent with a task, and a task of another agent.
    private func others(_ host: TestHost) async throws -> (conversation: SessionHandle, task: String, foreign: String) {
        try await host.wireAllChats()
        try await host.runtime.accept(host.event("hello", in: "c2"))
        try await host.eventually("the other runner has its message") {
            host.spawner.runners.count == 2 && host.spawner.runners.allSatisfy { !$0.seen.isEmpty }
        }
        let other = try await host.session(of: "c2")
        let made = try await TaskActionTests.ask(
            "schedule_task",
            ["prompt": "theirs", "every": "1h", "name": "theirs"],
            of: other,
            host
        )
        let now = host.runtime.time.now
        let foreign = try await host.runtime.central.write { db in
            var fields = TaskFields()
            fields.prompt = "secret"
            fields.every = "1h"
            let group = try AgentGroup.create(name: "Other", now: now, db).id
            let place = TaskPlace(mode: .agentShared, chat: nil)
            return try ScheduledTask.create(fields, group: group, place: place, zone: "UTC", by: "x", now: now, db).task
        }
        return (other, try TaskActionTests.id(in: made), foreign.id.rawValue)
    }

    private func history(_ session: SessionHandle) async throws -> [String] {
        try await session.store.history(limit: 100).map { "\($0.id) \($0.seq) \($0.state) \($0.content)" }
    }

    /// What the host said to each request with a known action: `done`, or why not.
    private func verdicts(
        _ rows: [SessionHistoryEntry],
        _ session: SessionHandle,
        _ names: [String]
    ) async throws -> [String: [String]] {
        var verdicts: [String: [String]] = [:]
        for row in rows {
            guard let action = try? JSONText.decode(OutboundAction.self, row.content), names.contains(action.action)
            else {
                continue
            }
            let error = try await session.store.delivery(seq: row.seq)?.error
            verdicts[action.action, default: []].append(error ?? "done")
        }
        return verdicts
    }

    private func files(of home: String) throws -> [String] {
        let root = try Directory(path: home)
        return try root.names() + root.directory("groups").names().map { "groups/\($0)" }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `T50 SQ18 rows of any kind from a member's session change nothing that says who may do what`(
        seed: UInt64
    ) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, policy: .public, { _ in .deaf }) { host in
                try await host.runtime.accept(host.event("hello", from: "member"))
                try await host.eventually("its runner has the message") {
                    host.spawner.runners.first?.seen.isEmpty == false
                }
                let handle = try await host.session()
                let deliveries = host.runtime.deliveries.session(handle)
                let other = try await others(host)
                let ids = [
                    host.group.id.rawValue, host.chat.id.rawValue, handle.id.rawValue, host.group.folder, "test:boss",
                    "test:member", other.conversation.id.rawValue, other.task, other.foreign,
                ]
                let names = host.runtime.actions.names
                #expect(names.allSatisfy { Forger.needed($0, task: "") != nil }, "say what each action needs: \(names)")
                var forger = Forger(
                    generator: Seeded(state: seed),
                    ids: ids,
                    names: names,
                    tasks: [other.task, other.foreign, "theirs"]
                )
                let before = try await authority(host, handle.id)
                let historyBefore = try await history(other.conversation)
                let filesBefore = try files(of: home)
                #expect(before.contains { $0.contains("user_roles") && $0.contains("owner") })
                let path = handle.folder.outboundDatabase
                var seq: Int64 = 1
                for round in 0...25 {
                    let known = round == 0 ? try forger.requests().map { ("system", try JSONText.encode($0)) } : []
                    let contents = try round == 0 ? known : (0..<20).map { _ in try forger.content() }
                    let rows = contents.map { kind, content in
                        let (channel, chat) = round == 0 ? (nil, nil) : forger.address(host.chat.address)
                        return (kind, content, channel, chat)
                    }
                    let database = try Connection(path: path, .readWrite, busyTimeout: 5000)
                    try database.write {
                        for (kind, content, channel, chat) in rows {
                            seq += 2
                            try database.run(
                                """
                                INSERT INTO messages_out
                                (id, seq, turn, kind, channel_type, platform_id, content, created_at)
                                VALUES (?, ?, 't_forged', ?, ?, ?, ?, 0)
                                """,
                                "m_\(seed)_\(seq)",
                                seq,
                                kind,
                                channel,
                                chat,
                                content
                            )
                        }
                    }
                    database.close()
                    #expect(await deliveries.drain() == .fine)
                    await deliveries.settle()
                }
                try await host.eventually("every row has its end") {
                    try await handle.store.openDeliveries().isEmpty
                }
                let after = try await authority(host, handle.id)
                #expect(Set(after).symmetricDifference(before).isEmpty)
                #expect(after.count == before.count)
                #expect(try files(of: home) == filesBefore)
                #expect(try await history(other.conversation) == historyBefore)
                // The one chat that the session may speak in, and the owner, who is told of failures.
                #expect(host.channel.sent.allSatisfy { $0.address.chat == host.chat.address })
                let ended = try await handle.store.history(limit: 2000).filter { $0.isOutgoing && $0.kind == "system" }
                #expect(ended.count > 100)
                let changes = ["cancel_task", "pause_task", "resume_task", "update_task"]
                // What is asked with `nanoclaw` waits for somebody's word, which nobody gives.
                for row in ended where row.state != "failed" {
                    let action = try JSONText.decode(OutboundAction.self, row.content)
                    #expect(names.contains(action.action))
                    if action.action == "cli" { #expect(action.arguments.contains(#""add""#)) }
                    guard changes.contains(action.action) else { continue }
                    let task = try JSONValue(parsing: action.arguments)[key: "task"]?.string
                    #expect(!forger.tasks.contains(task ?? ""), "\(action)")
                }
                // Not only the readers of arguments were reached, but who decides.
                let verdicts = try await verdicts(ended, handle, names)
                for name in names where !changes.contains(name) {
                    #expect(verdicts[name]?.contains("done") == true, "\(name): \(verdicts[name] ?? [])")
                }
                for name in changes {
                    let said = verdicts[name] ?? []
                    #expect(said.count { $0.contains("belongs to another conversation") } >= 2, "\(name): \(said)")
                    #expect(said.contains { $0.contains("there is no task \"\(other.foreign)\"") }, "\(name): \(said)")
                }
            }
        }
    }

    @Test func `HB01 a heartbeat that is kept fresh keeps no silent runner alive`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("hello"))
                try await host.eventually("its runner lives") { host.spawner.runners.first?.isReady == true }
                let heartbeat = try await host.session().folder.outbound + "/.heartbeat"
                try await host.turn(clock, by: .milliseconds(500), until: "it is ended") {
                    close(open(heartbeat, O_WRONLY | O_CREAT, 0o600))
                    utimensat(AT_FDCWD, heartbeat, nil, 0)
                    return host.spawner.runners[0].exit == .signal(9)
                }
                #expect(clock.monotonic < .seconds(200))
            }
        }
    }

    @Test func `a runner that claims to be a later one is stopped like any other`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("hello"))
                try await host.eventually("its runner lives") { host.spawner.runners.first?.isReady == true }
                let handle = try await host.session()
                let deliveries = host.runtime.deliveries.session(handle)
                await deliveries.stop(through: 1)
                let database = try Connection(path: handle.folder.outboundDatabase, .readWrite, busyTimeout: 5000)
                try database.execute(
                    """
                    UPDATE runner_state SET incarnation = 4611686018427387904;
                    INSERT INTO messages_out (id, seq, turn, kind, channel_type, platform_id, content, created_at)
                    VALUES ('m_late', 3, 't_1', 'chat', 'test', 'c1', '{"files":[],"text":"still here"}', 0)
                    """
                )
                database.close()
                #expect(await deliveries.drain() == .fine)
                await deliveries.settle()
                #expect(host.channel.texts.isEmpty)
                let record = try await handle.store.delivery(seq: 3)
                #expect(record?.state == .failed && record?.error == "stopped before it was sent")
            }
        }
    }
}
