import CentralStore
import ChannelKit
import Core
import GRDB
import Glibc
import TestSupport
import Testing

@testable import Host

/// What the router does to the stores, beside a whole host.
@Suite(.timeLimit(.minutes(1))) struct RoutingLifeTests {
    /// How many rows each table of the central database holds.
    func counts(_ host: TestHost) async throws -> [String: Int] {
        try await host.runtime.central.read { db in
            let names = try String.fetchAll(
                db,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'retention'"
            )
            return try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (name, try Int.fetchOne(db, sql: "SELECT count(*) FROM \"\(name)\"") ?? 0)
                }
            )
        }
    }

    func drops(_ host: TestHost) async throws -> [DroppedMessage] {
        try await host.runtime.central.read { db in
            try DroppedMessage.order(DroppedMessage.CodingKeys.firstSeen).fetchAll(db)
        }
    }

    @Test func `§16.47 a plain message in an unknown chat writes nothing, a mention is counted`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let before = try await counts(host)
                try await host.runtime.accept(host.event("hello everybody", in: "elsewhere"))
                #expect(try await counts(host) == before)
                var mention = host.event("@agent hello", in: "elsewhere")
                mention.isMention = true
                try await host.runtime.accept(mention)
                #expect(try await drops(host).map(\.reason) == [.noAgentWired])
                #expect(host.spawner.runners.isEmpty)
            }
        }
    }

    @Test func `what explain says of a chat of this machine is what happens there`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                _ = try await host.runtime.central.write { db in
                    let chat = try MessagingGroup(
                        channelType: "cli",
                        platformID: "cli:local:q",
                        name: "q",
                        unknownSenderPolicy: .strict,
                        createdAt: host.runtime.time.now
                    ).create(db)
                    return try Wiring(
                        agentGroupID: host.group.id,
                        target: .chat(chat.id),
                        engageModes: [.mention],
                        createdAt: host.runtime.time.now
                    ).create(db)
                }
                let chat = ChatAddress(channel: "cli", platformID: "cli:local:q")
                func outcomes(_ mention: Bool?) async throws -> [String] {
                    try await host.runtime.explain(address: chat, text: nil, mention: mention).map(\.outcome)
                }
                #expect(try await outcomes(nil) == ["deliver"])
                #expect(try await outcomes(false) == ["drop"])
            }
        }
    }

    @Test func `a change of a chat's wirings counts from the next message on, whatever was read before`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = host.runtime.time.now
                let group = host.group.id
                let wiring = try await host.runtime.central.write { db in
                    let chat = try MessagingGroup(
                        channelType: "cli",
                        platformID: "cli:local:q",
                        name: "q",
                        createdAt: now
                    ).create(db)
                    return try Wiring(
                        agentGroupID: group,
                        target: .chat(chat.id),
                        engageModes: [.mention],
                        createdAt: now
                    ).create(db)
                }
                let chat = ChatAddress(channel: "cli", platformID: "cli:local:q")
                func outcomes() async throws -> [String] {
                    try await host.runtime.explain(address: chat, text: nil, mention: nil).map(\.outcome)
                }
                for _ in 0..<2 { #expect(try await outcomes() == ["deliver"]) }
                try await host.runtime.central.write { db in try Wiring.remove(wiring.id, db) }
                #expect(try await outcomes() == [])
            }
        }
    }

    @Test func `§16.54 a message whose sender the platform does not name is a stranger's`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let before = try await counts(host)
                try await host.runtime.accept(host.event("it is me, the boss", from: nil))
                try await host.runtime.accept(host.event("it is me, the boss", from: ""))
                #expect(try await drops(host).map(\.reason) == [.unknownSenderStrict])
                #expect(try await drops(host).map(\.senderID) == [""])
                #expect(try await drops(host).map(\.messageCount) == [2])
                #expect(try await counts(host)["users"] == before["users"])
                #expect(host.spawner.runners.isEmpty)
            }
        }
    }

    @Test(arguments: [false, true])
    func `§16.55 a channel without threads has none, whatever its events say`(hasThreads: Bool) async throws {
        let channel = FakeChannel(capabilities: ChannelCapabilities(threads: hasThreads, idempotencyKeys: true))
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.central.write { try $0.execute(sql: "UPDATE messaging_groups SET is_group = 1") }
                for thread in ["t1", "t2"] {
                    var event = host.event("in \(thread)")
                    event.address.thread = thread
                    try await host.runtime.accept(event)
                }
                await channel.waitForSent(2)
                #expect(Set(channel.sent.map(\.address.thread)) == (hasThreads ? ["t1", "t2"] : [nil]))
                #expect(try await counts(host)["sessions"] == (hasThreads ? 2 : 1))
            }
        }
    }

    @Test func `§16.58 an agent that a message cannot be stored for does not stop the next`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = SystemTime().now
                try await host.runtime.central.write { db in
                    let second = try AgentGroup.create(name: "Second", now: now, db)
                    _ = try Wiring(
                        agentGroupID: second.id,
                        target: .chat(host.chat.id),
                        engageModes: [.pattern],
                        engagePattern: ".",
                        priority: -1,
                        createdAt: now
                    ).create(db)
                }
                // Where the first agent's sessions are to be stands a file.
                let place = "\(home)/data/sessions/\(host.group.id)"
                mkdir("\(home)/data/sessions", 0o700)
                try #require(creat(place, 0o600) >= 0)
                let event = host.event("to both")
                await #expect(throws: (any Error).self) { try await host.runtime.accept(event) }
                await host.channel.waitForSent(1)
                #expect(host.channel.sent.map(\.agentName) == ["Second"])
                // The adapter hands it over again: only who has not got it yet gets it.
                unlink(place)
                try await host.runtime.accept(event)
                await host.channel.waitForSent(2)
                try await host.runtime.accept(host.event("once more"))
                await host.channel.waitForSent(4)
                let answers = host.channel.sent.map { "\($0.agentName)" }.sorted()
                #expect(answers == [host.group.name, host.group.name, "Second", "Second"])
            }
        }
    }

    @Test func `§16.60 drops of one sender and reason are one row that counts, and keeps the name`() async throws {
        let clock = ManualTime()
        let start = clock.now
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock) { host in
                var event = host.event("hi", from: "stranger")
                event.senderName = "Ann"
                try await host.runtime.accept(event)
                clock.advance(by: .seconds(5))
                event.senderName = nil
                try await host.runtime.accept(event)
                let one = try #require(try await drops(host).first)
                #expect(one.messageCount == 2 && one.senderName == "Ann")
                #expect(one.firstSeen == start && one.lastSeen == start + .seconds(5))
                try await host.runtime.central.write {
                    try $0.execute(sql: "UPDATE messaging_groups SET unknown_sender_policy = 'request_approval'")
                }
                clock.advance(by: .seconds(5))
                try await host.runtime.accept(event)
                #expect(try await drops(host).map(\.reason) == [.unknownSenderStrict, .unknownSenderRequestApproval])
                #expect(try await drops(host).map(\.messageCount) == [2, 1])
            }
        }
    }

    @Test func `§16.70 an unknown engage mode takes no message and is told by name`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.central.write { db in
                    try db.execute(
                        sql: """
                            PRAGMA ignore_check_constraints = ON;
                            UPDATE wirings SET engage_modes = '["always"]';
                            PRAGMA ignore_check_constraints = OFF;
                            """
                    )
                }
                let error = await #expect(throws: (any Error).self) { try await host.runtime.accept(host.event("hi")) }
                #expect("\(try #require(error))".contains("always"))
                #expect(try await counts(host)["sessions"] == 0)
                #expect(host.spawner.runners.isEmpty)
            }
        }
    }

    @Test func `§16.82 a reply address moves the answer and neither the gates nor typing`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let elsewhere = ChatAddress(channel: "test", platformID: "c2")
                try await host.runtime.central.write { db in
                    _ = try MessagingGroup(
                        channelType: "test",
                        platformID: "c2",
                        unknownSenderPolicy: .public,
                        createdAt: SystemTime().now
                    ).create(db)
                }
                var refused = host.event("let me in", from: "stranger")
                refused.replyAddress = elsewhere
                try await host.runtime.accept(refused)
                #expect(try await drops(host).map(\.reason) == [.unknownSenderStrict])
                var event = host.event("answer over there")
                event.replyAddress = elsewhere
                try await host.runtime.accept(event)
                await host.channel.waitForSent(1)
                #expect(host.channel.sent.map(\.address) == [elsewhere])
                try await host.eventually("typing is shown") { !host.channel.typed.isEmpty }
                #expect(Set(host.channel.typed) == [host.chat.address])
            }
        }
    }
}
