import CentralStore
import ChannelKit
import Core
import Glibc
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// When a session gets a runner, and when not.
@Suite(.timeLimit(.minutes(1))) struct WakeTests {
    /// Ends the runners and waits until nobody looks after any session.
    func rest(_ host: TestHost) async throws {
        _ = try await host.runtime.restart(group: host.group.id, message: nil)
        try await isAtRest(host)
    }

    func isAtRest(_ host: TestHost) async throws {
        try await host.eventually("nothing is looked after") { await host.runtime.supervisor.status.isEmpty }
    }

    /// A message that is put into the session's file behind the router's back, and the mark that says so.
    func put(_ text: String, trigger: Bool = true, at due: Timestamp? = nil, _ host: TestHost) async throws {
        let handle = try await host.session()
        let now = host.runtime.time.now
        var row = NewInbound(
            sourceID: text,
            content: .chat(ChatContent(text: text)),
            trigger: trigger,
            sentAt: now,
            receivedAt: now,
            address: host.chat.address
        )
        row.processAfter = due
        _ = try await handle.store.insert([row])
        try await host.runtime.central.markDirty(handle.id, nextDue: nil, reason: "test")
    }

    @Test func `§16.109 many wakes at once start one runner`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<20 {
                        group.addTask { try await host.runtime.accept(host.event("n\(number)")) }
                    }
                    try await group.waitForAll()
                }
                await host.channel.waitForSent(20)
                #expect(Set(host.channel.texts) == Set((0..<20).map { "echo: n\($0)" }))
                #expect(host.spawner.runners.count == 1)
            }
        }
    }

    @Test func `§16.110 a session whose runner lives is only rung`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("one"))
                await host.channel.waitForSent(1)
                let handle = try await host.session()
                for _ in 0..<5 { await host.runtime.supervisor.wake(handle) }
                try await host.runtime.accept(host.event("two"))
                await host.channel.waitForSent(2)
                #expect(host.spawner.runners.map(\.exit) == [nil])
                #expect(host.runtime.supervisor.incarnation(of: handle.id) == 1)
            }
        }
    }

    @Test func `§16.127 a runner that does not end holds up nobody`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let isFirst = Atomic(true)
            let first: @Sendable () -> Bool = { isFirst.exchange(false, ordering: .relaxed) }
            try await withHost(home: home, time: clock, { _ in first() ? .ignoreTermination : .echo }) { host in
                try await host.wireAllChats()
                try await host.runtime.accept(host.event("one"))
                try await host.eventually("it runs") { host.spawner.runners.first?.isReady == true }
                #expect(try await host.runtime.restart(group: host.group.id, message: nil) == 1)
                try await host.runtime.accept(host.event("two", in: "other"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["echo: two"])
                // All that without a tick of the clock: the first still has its 8 s.
                #expect(host.spawner.runners[0].exit == nil)
                try await host.turn(clock, until: "the first is killed and replaced") { host.channel.sent.count == 2 }
                #expect(host.spawner.runners[0].exit == .signal(9))
                #expect(host.channel.texts == ["echo: two", "echo: one"])
            }
        }
    }

    @Test func `§16.134 a restart with a message replaces each runner, and only the new one sees it`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            // The old runners stay for 8 s beside the row and look at their files all the time.
            try await withHost(home: home, time: clock, { $0.incarnation == 1 ? .ignoreTermination : .echo }) { host in
                try await host.wireAllChats()
                for place in ["c1", "c2", "c3"] { try await host.runtime.accept(host.event("hello", in: place)) }
                try await host.eventually("three run") {
                    host.spawner.runners.count == 3 && host.spawner.runners.allSatisfy { $0.seen.count == 1 }
                }
                let resting = try await host.session(of: "c3")
                _ = try await host.runtime.stop(session: resting.id, by: nil)
                try await host.eventually("the third rests") {
                    await host.runtime.supervisor.status.allSatisfy { $0.session != resting.id }
                }
                #expect(try await host.runtime.restart(group: host.group.id, message: "new tools") == 2)
                try await host.turn(clock, until: "two are replaced") {
                    host.spawner.runners.count == 5 && host.spawner.runners[3...].allSatisfy { $0.seen.count == 2 }
                }
                for runner in host.spawner.runners {
                    let wakes = runner.seen.compactMap { row -> SystemContent? in
                        guard case .system(let content) = row.content else { return nil }
                        return content
                    }
                    #expect(wakes.map(\.text) == (runner.request.incarnation == 2 ? ["new tools"] : []))
                    #expect(wakes.allSatisfy { $0.action == "on_wake" })
                }
                #expect(Set(host.spawner.runners[3...].map(\.request.session)).contains(resting.id) == false)
            }
        }
    }

    @Test func `§16.135 a restart without a message only ends runners that have nothing to do`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("one"))
                await host.channel.waitForSent(1)
                let store = try await host.session().store
                try await host.eventually("recorded") { try await store.state(now: SystemTime().now).open == 0 }
                let before = try await store.history(limit: 10)
                try await rest(host)
                #expect(host.spawner.runners.map(\.exit) == [.code(0)])
                #expect(try await store.history(limit: 10) == before)
                try await host.runtime.accept(host.event("two"))
                await host.channel.waitForSent(2)
                #expect(host.spawner.runners.count == 2)
            }
        }
    }

    @Test func `§16.230 the sweep wakes for a due message, not for context and not before its time`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock) { host in
                try await host.runtime.accept(host.event("first"))
                await host.channel.waitForSent(1)
                try await rest(host)

                try await put("due", host)
                await host.runtime.sweep.pass(everything: false)
                await host.channel.waitForSent(2)
                try await rest(host)
                #expect(host.spawner.runners.count == 2)

                try await put("context", trigger: false, host)
                await host.runtime.sweep.pass(everything: false)
                try await isAtRest(host)
                let due = clock.now + .seconds(90)
                try await put("later", at: due, host)
                await host.runtime.sweep.pass(everything: false)
                try await isAtRest(host)
                #expect(host.spawner.runners.count == 2)

                try await host.turn(clock, by: .seconds(1), until: "it is due") { host.spawner.runners.count == 3 }
                #expect(clock.now >= due)
                await host.channel.waitForSent(3)
                #expect(host.channel.texts == ["echo: first", "echo: due", "echo: later"])
                // What was context only went along.
                let seen = host.spawner.runners[2].seen.compactMap(RefusedRowTests.text)
                #expect(seen == ["context", "later"])
            }
        }
    }

    @Test func `§16.234 a new runner is not judged by the claim of the one before`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, { $0.incarnation == 1 ? .hang : .echo }) { host in
                try await host.runtime.accept(host.event("hello"))
                try await host.eventually("it is claimed") { host.spawner.runners.first?.seen.count == 1 }
                try await host.turn(clock, by: .seconds(1), until: "the silent one is killed") {
                    host.spawner.runners[0].exit == .signal(9)
                }
                // The dead runner's claim is in the file, older than any limit, when the next one starts.
                clock.advance(by: .seconds(600))
                try await host.turn(clock, until: "the next one answers") { host.channel.sent.count == 1 }
                #expect(host.channel.texts == ["echo: hello"])
                #expect(host.spawner.runners.map(\.exit) == [.signal(9), nil])
            }
        }
    }

    @Test(arguments: [true, false])
    func `§16.236 a message that waits for its next try is not counted again by another death`(
        isHeard: Bool
    ) async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, { _ in isHeard ? .dieInTurn : .dieUnheard }) { host in
                try await host.runtime.accept(host.event("one"))
                let store = try await host.session().store
                func tries() async throws -> [Int] {
                    let rows = try await store.history(limit: 10).filter { !$0.isOutgoing }.sorted { $0.seq < $1.seq }
                    let found = try await store.inbound(rows.map(\.id))
                    return rows.compactMap { found[$0.id]?.tries }
                }
                try await host.eventually("one try is counted") { try await tries() == [1] }
                try await host.runtime.accept(host.event("two"))
                try await host.eventually("the other's is counted") { try await tries().last == 1 }
                #expect(try await tries() == [1, 1])
                #expect(host.spawner.runners.map { $0.seen.compactMap(RefusedRowTests.text) } == [["one"], ["two"]])
                try await host.turn(clock, until: "the first comes again") { try await tries().first == 2 }
            }
        }
    }

    @Test func `a message's next try comes at its time, though an answer waits for its channel meanwhile`() async throws
    {
        let clock = ManualTime()
        let channel = FakeChannel(answer: { message throws(ChannelError) in
            guard case .text("echo: two", _) = message.body else {
                throw ChannelError(.rateLimited(retryAfter: .seconds(3600)), "later")
            }
            return SentMessage(platformMessageID: "sent")
        })
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock, { $0.incarnation == 2 ? .dieInTurn : .echo })
            {
                host in
                try await host.runtime.accept(host.event("one"))
                let store = try await host.session().store
                try await host.eventually("its answer waits") { try await !store.openDeliveries().isEmpty }
                host.spawner.runners[0].terminate()
                try await host.eventually("its runner has left") { host.spawner.runners[0].exit != nil }
                let began = clock.now
                try await host.runtime.accept(host.event("two"))
                try await host.turn(clock, until: "the next try") { host.spawner.runners.count == 3 }
                // Before the next minute's pass.
                #expect(clock.now < began + .seconds(30))
            }
        }
    }

    @Test func `§16.239 a session that cannot be opened does not end the pass`() async throws {
        try await withTemporaryDirectory { home in
            let sessions = Mutex<[SessionHandle]>([])
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.wireAllChats()
                for place in ["c1", "c2", "c3"] {
                    try await host.runtime.accept(host.event("to \(place)", in: place))
                    let handle = try await host.session(of: place)
                    sessions.withLock { $0.append(handle) }
                }
            }
            // The one that a pass visits first is a file now.
            let ids = sessions.withLock { $0.map { (id: $0.id, folder: $0.folder.path, chat: $0.origin) } }
            let first = try #require(ids.min { $0.id < $1.id })
            #expect(rename(first.folder, first.folder + ".gone") == 0)
            #expect(creat(first.folder, 0o600) >= 0)
            let channel = FakeChannel()
            try await withHost(home: home, channel: channel) { host in
                await channel.waitForSent(2)
                #expect(Set(channel.sent.map(\.address)) == Set(ids.filter { $0.id != first.id }.compactMap(\.chat)))
            }
        }
    }

    @Test(arguments: [false, true])
    func `§16.93 typing ends with the runner and with a start that failed`(starts: Bool) async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                time: clock,
                { request in
                    guard starts else { throw HostError(.unavailable, "there is no sandbox") }
                    return request.incarnation == 1 ? .dieInTurn : .hang
                }
            ) { host in
                try await host.runtime.accept(host.event("one"))
                let id = try await host.session().id
                try await host.eventually("it is shown") { host.channel.typed.count == 1 }
                try await host.eventually("the end is recorded") {
                    guard let runner = try await host.runtime.central.runner(id) else { return false }
                    return runner.state == .stopped && (starts || runner.spawnFailures == 1)
                }
                try await clock.waitForSleepers()
                clock.advance(by: .seconds(1))
                try await host.eventually("it has ended") { host.channel.ended == host.channel.typed }
                // Shown anew at once: it had ended.
                try await host.runtime.accept(host.event("two"))
                try await host.eventually("it is shown anew") { host.channel.typed.count == 2 }
            }
        }
    }
}
