import AgentRequests
import Approvals
import CentralStore
import ControlProtocol
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// What a stop reaches although nothing of it runs in that moment.
@Suite(.timeLimit(.minutes(1))) struct StopTests {
    @Test func `T27 what has failed and waits for its next try is stopped too, and what is written after it is not`()
        async throws
    {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let dying: @Sendable (SandboxRequest) throws -> FakeBehaviour = { $0.incarnation == 1 ? .dieInTurn : .echo }
            try await withHost(home: home, time: clock, dying) { host in
                try await host.runtime.accept(host.event("work"))
                let handle = try await host.session()
                try await host.eventually("its next try lies ahead") {
                    try await handle.store.state(now: clock.now).nextDue != nil
                }
                try await host.eventually("nobody looks after it") { await host.runtime.supervisor.entries.isEmpty }
                try await host.runtime.accept(host.event("/stop"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["Stopped."])
                try await host.runtime.accept(host.event("something else"))
                await host.channel.waitForSent(2)
                try await host.turn(clock, by: .seconds(5), until: "the time of the try is over") {
                    try await handle.store.state(now: clock.now).open == 0
                }
                #expect(host.channel.texts == ["Stopped.", "echo: something else"])
                #expect(host.spawner.runners.count == 2)
            }
        }
    }

    @Test func `T27 a stop reaches what an earlier host has left`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, { _ in .dieInTurn }) { host in
                try await host.runtime.accept(host.event("work"))
                let handle = try await host.session()
                try await host.eventually("its next try lies ahead") {
                    try await handle.store.state(now: clock.now).nextDue != nil
                }
            }
            let channel = FakeChannel()
            try await withHost(home: home, channel: channel, time: clock) { host in
                try await host.runtime.accept(host.event("/stop"))
                await channel.waitForSent(1)
                let store = try await host.session().store
                try await host.turn(clock, by: .seconds(5), until: "nothing is open") {
                    try await store.state(now: clock.now).open == 0
                }
                #expect(channel.texts == ["Stopped."])
            }
        }
    }

    @Test func `T27 stop is answered where there is no conversation yet`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("/stop"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["There is nothing to stop."])
                // Whoever sends it in a chat of this machine waits for that answer.
                let route = ChatSent.Route(agent: "Main", outcome: "stop", reasons: [])
                #expect(ChatSent(id: "m_1", routes: [route]).notices == 1)
            }
        }
    }

    @Test(arguments: [false, true])
    func `T27 a request that waits for its next try is not carried out once the conversation is stopped or closed`(
        isClosed: Bool
    ) async throws {
        let clock = ManualTime()
        let busy = MadeUpAction("paint") { _ in throw StoreError(.busy, "the test has it locked") }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, actions: { _ in [busy] }, PaintAction.runner) { host in
                try await host.runtime.accept(host.event("go"))
                let handle = try await host.session()
                try await host.turn(clock, by: .milliseconds(1), until: "the turn is over and its request waits") {
                    let overview = try await handle.store.state(now: clock.now)
                    return overview.dueTriggers.isEmpty && overview.openDeliveries == 1
                }
                let tries = busy.seen.count
                if isClosed {
                    let hasEnded = Mutex(false)
                    async let close: Void = {
                        try await host.runtime.close(session: handle.id)
                        hasEnded.withLock { $0 = true }
                    }()
                    try await host.turn(clock, by: .milliseconds(5), until: "it is closed") { hasEnded.withLock { $0 } }
                    try await close
                } else {
                    #expect(try await host.runtime.stop(session: handle.id, by: nil))
                }
                try await host.turn(clock, until: "nothing is on its way") {
                    await host.runtime.deliveries.session(handle).isIdle
                }
                for _ in 0..<20 { clock.advance(by: .seconds(60)) }
                #expect(try await handle.store.state(now: clock.now).openDeliveries == 0)
                #expect(busy.seen.count == tries)
            }
        }
    }

    @Test(arguments: [false, true])
    func `T27 a request that is being looked at when the conversation is stopped asks nobody and wakes nobody`(
        isReset: Bool
    ) async throws {
        let shed = PaintShed()
        let (looked, stopped) = (Latch(), Latch())
        let paint = PaintAction(shed) {
            looked.open()
            await stopped.wait()
        }
        try await withTemporaryDirectory { home in
            let channel = TestHost.channel(buttons: true)
            try await withHost(home: home, channel: channel, actions: { _ in [paint] }, PaintAction.runner) { host in
                paint.use(host)
                try await host.runtime.accept(host.event("go"))
                await looked.wait()
                let handle = try await host.session()
                if isReset {
                    async let reset: Void = host.runtime.reset(session: handle.id)
                    try await host.eventually("it is begun anew") { handle.stops == 1 }
                    stopped.open()
                    try await reset
                } else {
                    #expect(try await host.runtime.stop(session: handle.id, by: nil))
                    stopped.open()
                }
                try await host.rest()
                #expect(try await host.runtime.central.read { try ApprovalRow.fetchCount($0) } == 0)
                #expect(host.asked.isEmpty)
                let turns = host.spawner.runners.flatMap(\.seen).count
                #expect(turns == 1, "nothing but the person's message starts a turn")
            }
        }
    }
}

/// Opened once; those who wait for it go on then.
private final class Latch: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
