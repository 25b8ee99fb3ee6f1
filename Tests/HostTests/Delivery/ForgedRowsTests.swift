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
        ]

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
            default:
                return ("system", try JSONText.encode(OutboundAction(action: pick(Self.actions), arguments: arguments)))
            }
        }

        mutating func address(_ own: ChatAddress) -> (String?, String?) {
            pick([
                (nil, nil), (own.channel, own.platformID), ("test", "elsewhere"), ("agent", ids[0]),
                ("cli", "cli:local:main"),
                (own.channel, "\(own.platformID) "), ("nowhere", own.platformID),
            ])
        }
    }

    /// Every row of every table that says who may do what, as text.
    private func authority(_ host: TestHost) async throws -> [String] {
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
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \"\(table)\"") { rows.append("\(table) \(row)") }
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
                let ids = [
                    host.group.id.rawValue, host.chat.id.rawValue, handle.id.rawValue, host.group.folder, "test:boss",
                    "test:member",
                ]
                var forger = Forger(generator: Seeded(state: seed), ids: ids)
                let before = try await authority(host)
                let filesBefore = try files(of: home)
                #expect(before.contains { $0.contains("user_roles") && $0.contains("owner") })
                let path = handle.folder.outboundDatabase
                var seq: Int64 = 1
                for _ in 0..<25 {
                    let rows = try (0..<20).map { _ in
                        let (kind, content) = try forger.content()
                        let (channel, chat) = forger.address(host.chat.address)
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
                let after = try await authority(host)
                #expect(Set(after).symmetricDifference(before).isEmpty)
                #expect(after.count == before.count)
                #expect(try files(of: home) == filesBefore)
                // The one chat that the session may speak in, and the owner, who is told of failures.
                #expect(host.channel.sent.allSatisfy { $0.address.chat == host.chat.address })
                let ended = try await handle.store.history(limit: 2000).filter { $0.isOutgoing && $0.kind == "system" }
                #expect(ended.count > 100)
                // What is asked with `nanoclaw` waits for somebody's word, which nobody gives.
                for row in ended where row.state != "failed" {
                    let action = try JSONText.decode(OutboundAction.self, row.content)
                    #expect(action.action == "cli")
                    #expect(action.arguments.contains(#""add""#))
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
