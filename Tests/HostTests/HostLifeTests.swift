import CentralStore
import ChannelKit
import Core
import GRDB
import Glibc
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct HostLifeTests {
    @Test func `a message in is a reply out and the turn's end is told`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let events = host.runtime.liveEvents(for: host.chat.address)
                try await host.runtime.accept(host.event("hello", id: "p1"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["echo: hello"])
                for await event in events {
                    guard case .turnEnded(let messages, let ids, let outcome, _) = event else { continue }
                    #expect(messages.count == 1)
                    #expect(ids == ["p1"])
                    #expect(outcome == .completed)
                    break
                }
                let history = try await host.runtime.history(session: host.session().id, limit: 10)
                #expect(history.map(\.text) == ["hello", "echo: hello"])
            }
        }
    }

    @Test func `what was said before a history is asked for stands in it`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("hello", id: "p1"))
                let handle = try await host.session()
                for number in 0..<5 {
                    await host.runtime.deliveries.session(handle).notify("word \(number)", at: host.chat.address)
                    let history = try await host.runtime.history(session: handle.id, limit: 20)
                    #expect(history.map(\.text).contains("word \(number)"))
                }
            }
        }
    }

    @Test func `a history is shown also while nothing can be written`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("one", id: "p1"))
                await host.channel.waitForSent(1)
                let handle = try await host.session()
                #expect(try await host.runtime.history(session: handle.id, limit: 10).count == 2)
                let database = try Connection(path: handle.folder.inboundDatabase, .readWrite, busyTimeout: 5000)
                defer { database.close() }
                try database.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT raise(ABORT, 'no room'); END"
                )
                try await host.runtime.accept(host.event("two", id: "p2"))
                await host.channel.waitForSent(2)
                let texts = try await host.runtime.history(session: handle.id, limit: 10).map(\.text)
                #expect(texts.contains("two") && !texts.contains("echo: two"))
                try database.execute("DROP TRIGGER full")
                try await host.eventually("it is recorded") {
                    try await host.runtime.history(session: handle.id, limit: 10).count == 4
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func `only while an upgrade is open does a host leave word that it has accepted messages`(
        isOpen: Bool
    ) async throws {
        try await withTemporaryDirectory { home in
            for folder in isOpen ? ["data", "data/upgrades"] : [] { mkdir("\(home)/\(folder)", 0o700) }
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("hello", id: "p1"))
                #expect(ServedMark.isSet(home: home) == isOpen)
            }
        }
    }

    @Test func `T06 a repeated event is one row, other content under its id is another`() async throws {
        try await withTemporaryDirectory { home in
            for _ in 0..<2 {
                try await withHost(home: home) { host in
                    for _ in 0..<10 { try await host.runtime.accept(host.event("once", id: "p1")) }
                }
            }
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("changed", id: "p1"))
                let store = try await host.session().store
                try await host.eventually("both are answered") {
                    try await store.history(limit: 10).filter(\.isOutgoing).count == 2
                }
                let rows = try await store.history(limit: 10).filter { !$0.isOutgoing }
                #expect(rows.count == 2)
                #expect(rows.allSatisfy { $0.seq % 2 == 0 })
                #expect(rows[0].seq < rows[1].seq)
            }
        }
    }

    @Test func `T27 stop ends what runs, answers at once and lets nothing else out`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("work"))
                try await host.eventually("it runs") { host.spawner.runners.count == 1 }
                let clock = ContinuousClock()
                let start = clock.now
                try await host.runtime.accept(host.event("/stop"))
                await host.channel.waitForSent(1)
                #expect(clock.now - start < .seconds(2))
                #expect(host.channel.texts == ["Stopped."])
                _ = await host.spawner.runners[0].waitForExit()
                #expect(clock.now - start < .seconds(5))
                let handle = try await host.session()
                try await host.eventually("its rows have ended") {
                    try await handle.store.state(now: SystemTime().now).open == 0
                }
                #expect(try await !host.runtime.stop(session: handle.id, by: nil))
                #expect(host.channel.texts == ["Stopped."])
            }
        }
    }

    @Test func `T27 what is written after a stop is not stopped with what was before`() async throws {
        try await withTemporaryDirectory { home in
            let isDead = Atomic(false)
            let mayEnd: @Sendable () -> Bool = { isDead.load(ordering: .acquiring) }
            try await withHost(home: home, { $0.incarnation == 1 ? .linger(mayEnd) : .echo }) { host in
                try await host.runtime.accept(host.event("work"))
                try await host.eventually("it runs") { host.spawner.runners.first?.isReady == true }
                try await host.runtime.accept(host.event("/stop"))
                await host.channel.waitForSent(1)
                try await host.runtime.accept(host.event("go on"))
                isDead.store(true, ordering: .releasing)
                await host.channel.waitForSent(2)
                #expect(host.channel.texts == ["Stopped.", "echo: go on"])
            }
        }
    }

    @Test func `T08 a runner that cannot start is told once after the third time and shown in status`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .dieAtStart }) { host in
                try await host.runtime.accept(host.event("hello"))
                await host.channel.waitForSent(1)
                #expect(host.spawner.runners.count == 3)
                #expect(host.channel.texts.first?.contains("I cannot start working") == true)
                let status = await host.runtime.status()
                #expect(status.problems.contains { $0.contains("failed to start") })
                let session = try await host.session()
                #expect(try await session.store.state(now: SystemTime().now).dueTriggers.count == 1)
            }
        }
    }

    @Test func `§16.237 a message whose runner dies counts a try and is tried again later`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .dieInTurn }) { host in
                try await host.runtime.accept(host.event("poison"))
                let handle = try await host.session()
                try await host.eventually("a try is counted") {
                    let overview = try await handle.store.state(now: SystemTime().now)
                    return overview.dueTriggers.isEmpty && overview.nextDue != nil
                }
                #expect(host.spawner.runners.count == 1)
            }
        }
    }

    @Test func `T55 §16.48 a stranger starts nothing and is counted`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                for _ in 0..<2 { try await host.runtime.accept(host.event("hi", from: "stranger")) }
                #expect(host.spawner.runners.isEmpty)
                let drops = try await host.runtime.central.read { try DroppedMessage.fetchAll($0) }
                #expect(drops.map(\.messageCount) == [2])
                #expect(drops.map(\.reason) == [.unknownSenderStrict])
                #expect(try await host.runtime.central.read { try Session.fetchCount($0) } == 0)
            }
        }
    }

    @Test func `§16.53 a sender id with a colon is nobody of another channel`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("hi", from: "cli:0"))
                #expect(host.spawner.runners.isEmpty)
                let drops = try await host.runtime.central.read { try DroppedMessage.fetchAll($0).map(\.senderID) }
                #expect(drops == ["test:cli:0"])
            }
        }
    }

    @Test func `T04 §16.211 T50 rows to foreign chats and forged requests are refused and told`() async throws {
        try await withTemporaryDirectory { home in
            let foreign = ChatAddress(channel: "test", platformID: "elsewhere")
            try await withHost(
                home: home,
                { _ in
                    .say { row in
                        [
                            NewOutbound(content: .chat(OutboundChat(text: "leak")), address: foreign, turn: .random()),
                            NewOutbound(
                                content: .system(
                                    OutboundAction(action: "grant_owner", arguments: #"{"user":"test:evil"}"#)
                                ),
                                address: nil,
                                turn: .random()
                            ),
                            NewOutbound(
                                content: .chat(OutboundChat(text: "ok")),
                                address: row.address,
                                turn: .random()
                            ),
                        ]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the allowed row is out") { host.channel.texts.contains("ok") }
                let store = try await host.session().store
                try await host.eventually("the agent is told twice") {
                    try await store.history(limit: 20).filter { $0.kind == "system" && !$0.isOutgoing }.count == 2
                }
                #expect(!host.channel.texts.contains("leak"))
                let owners = try await host.runtime.central.read { try UserRole.fetchAll($0).map(\.userID.description) }
                #expect(!owners.contains("test:evil"))
            }
        }
    }

    @Test func `§16.112 more sessions than places are served in turn`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = SystemTime().now
                for number in 0..<40 {
                    let event = InboundEvent(
                        address: ChatAddress(channel: "test", platformID: "x\(number)"),
                        platformMessageID: "p",
                        sentAt: now,
                        senderNativeID: "boss",
                        content: ChatContent(text: "n\(number)")
                    )
                    if number == 0 {
                        _ = try await host.runtime.central.write { db in
                            try Wiring(
                                agentGroupID: host.group.id,
                                target: .account(channel: "test", account: nil),
                                engageModes: [.pattern],
                                engagePattern: ".",
                                createdAt: now
                            ).create(db)
                        }
                    }
                    try await host.runtime.accept(event)
                }
                await host.channel.waitForSent(40)
                #expect(Set(host.channel.texts).count == 40)
            }
        }
    }

    @Test func `what was accepted before the host ended is answered by the next one`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("later"))
            }
            let channel = FakeChannel()
            try await withHost(home: home, channel: channel) { host in
                await channel.waitForSent(1)
                #expect(channel.texts == ["echo: later"])
            }
        }
    }
}
