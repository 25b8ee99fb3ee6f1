import CentralStore
import ChannelKit
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// One session in trouble is one session in trouble.
@Suite(.serialized, .timeLimit(.minutes(1))) struct HungSessionsTests {
    /// From handing over a message to its answer, the slowest but one of twenty, in real time.
    func wake(_ host: TestHost, _ clock: ManualTime, _ round: String) async throws -> Duration {
        let real = ContinuousClock()
        var times: [Duration] = []
        for number in 0..<20 {
            let before = host.channel.sent.count
            let start = real.now
            try await host.runtime.accept(host.event("\(round) \(number)"))
            await host.channel.waitForSent(before + 1)
            times.append(real.now - start)
            clock.advance(by: .milliseconds(20))
        }
        return times.sorted()[18]
    }

    @Test func `T12 five sessions blocked on locks do not slow down a sixth, and are freed`() async throws {
        let clock = ManualTime()
        let places = (1...5).map { "hung\($0)" }
        try await withTemporaryDirectory { home in
            let starts = Atomic(0)
            // The healthy one, five that lock their files, and those that replace them.
            let next: @Sendable () -> FakeBehaviour = {
                let number = starts.wrappingAdd(1, ordering: .relaxed).oldValue
                return (1...5).contains(number) ? .holdInbound : .echo
            }
            try await withHost(home: home, time: clock, { _ in next() }) { host in
                try await host.wireAllChats()
                let alone = try await wake(host, clock, "alone")
                for (number, place) in places.enumerated() {
                    try await host.runtime.accept(host.event("first", in: place))
                    try await host.eventually("\(place) is locked") {
                        host.spawner.runners.count == number + 2 && host.spawner.runners.last?.isReady == true
                    }
                }
                let done = Counter()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for place in places {
                        group.addTask {
                            try await host.runtime.accept(host.event("second", in: place))
                            done.increment()
                        }
                    }
                    let beside = try await wake(host, clock, "beside")
                    #expect(done.value == 0, "the five were not blocked all the time")
                    #expect(beside - alone < .milliseconds(100), "alone \(alone), beside five hung ones \(beside)")

                    let start = clock.monotonic
                    let answered = { @Sendable in
                        Set(
                            host.channel.sent.filter { message in
                                guard case .text("echo: second", _) = message.body else { return false }
                                return true
                            }.map(\.address.platformID)
                        )
                    }
                    try await host.turn(clock, until: "their next messages are answered") {
                        answered() == Set(places)
                    }
                    // One second of patience, and two to be working again.
                    #expect(clock.monotonic - start < .seconds(3))
                    try await group.waitForAll()
                }
                #expect(host.spawner.runners[1...5].allSatisfy { $0.exit == .signal(9) })
                #expect(host.spawner.runners[0].exit == nil)
            }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func increment() { count.withLock { $0 += 1 } }
    }

    enum Trouble: String, CaseIterable, CustomTestStringConvertible {
        case configuration, spawn, start, turn, adapter
        var testDescription: String { rawValue }
    }

    @Test(arguments: Trouble.allCases)
    func `T12 an error at any point frees the session for the next message`(trouble: Trouble) async throws {
        let clock = ManualTime()
        let isOver = Atomic(false)
        let isInTrouble: @Sendable (Trouble) -> Bool = { $0 == trouble && !isOver.load(ordering: .acquiring) }
        let channel = FakeChannel { message throws(ChannelError) in
            if isInTrouble(.adapter) { throw ChannelError(.rejected, "400") }
            return SentMessage(platformMessageID: message.idempotencyKey)
        }
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                channel: channel,
                time: clock,
                { _ in
                    if isInTrouble(.spawn) { throw HostError(.unavailable, "there is no sandbox") }
                    if isInTrouble(.start) { return .dieAtStart }
                    return isInTrouble(.turn) ? .dieInTurn : .echo
                }
            ) { host in
                let config = try await host.runtime.central.read { try AgentGroupConfig.of(host.group.id, $0) }
                func set(_ text: String) async throws {
                    try await host.runtime.central.write {
                        try $0.execute(sql: "UPDATE agent_group_configs SET config = ?", arguments: [text])
                    }
                }
                if trouble == .configuration { try await set(#"{"colour":"red"}"#) }
                try await host.runtime.accept(host.event("one"))
                let handle = try await host.session()
                try await host.eventually("the trouble has shown") {
                    switch trouble {
                    case .configuration, .spawn, .start:
                        return await host.runtime.supervisor.status.contains { $0.failures == 1 }
                    case .turn:
                        return try await handle.store.state(now: clock.now).nextDue != nil
                    case .adapter:
                        return try await handle.store.delivery(seq: 3)?.state == .failed
                    }
                }
                isOver.store(true, ordering: .releasing)
                if trouble == .configuration {
                    try await set(String(decoding: try JSONText.data(config.config), as: UTF8.self))
                }
                let start = clock.monotonic
                try await host.runtime.accept(host.event("two"))
                try await host.turn(clock, until: "the next message is answered") {
                    channel.texts.contains("echo: two")
                }
                #expect(clock.monotonic - start <= .seconds(2))
            }
        }
    }
}
