import ChannelAccounts
import Core
import LinuxIO
import Logging
import TestSupport
import Testing

@testable import Host

@Suite struct SupervisionValuesTests {
    @Test func `T09 a runner that ticks is never judged by anything else`() {
        var liveness = Liveness(startedAt: .zero)
        var now: Duration = .zero
        while now < .seconds(3600) {
            now += .seconds(2)
            liveness.heard(at: now)
            #expect(liveness.look(at: now + .seconds(1)) == .alive)
        }
    }

    @Test func `T09 a silent or never heard runner is found within its limit`() {
        var silent = Liveness(startedAt: .zero)
        silent.heard(at: .seconds(1))
        for second in 2...31 { #expect(silent.look(at: .seconds(second)) == .alive) }
        #expect(silent.look(at: .seconds(32)) == .silent)
        var mute = Liveness(startedAt: .zero)
        for second in 1...10 { #expect(mute.look(at: .seconds(second)) == .alive) }
        #expect(mute.look(at: .seconds(11)) == .neverStarted)
    }

    @Test func `T10 a gap in the host's own looks restarts every deadline`() {
        var liveness = Liveness(startedAt: .zero)
        liveness.heard(at: .seconds(1))
        #expect(liveness.look(at: .seconds(2)) == .alive)
        #expect(liveness.look(at: .seconds(4000)) == .alive)
        for second in 4001...4030 { #expect(liveness.look(at: .seconds(second)) == .alive) }
        #expect(liveness.look(at: .seconds(4031)) == .silent)
    }

    @Test func `§16.112 places are never more than the limit and go round in order`() {
        var places = RunnerPlaces(limit: 2)
        let ids = (0..<5).map { SessionID(unchecked: "se_\($0)") }
        let asked = ids.map { places.ask($0) }
        #expect(asked == [true, true, false, false, false])
        let again = places.ask(ids[0])
        #expect(again)
        let second = places.leave(ids[1])
        #expect(second == [ids[2]])
        let last = places.ask(ids[1])
        #expect(!last)
        let waiting = places.leave(ids[3])
        #expect(waiting == [])
        let first = places.leave(ids[0])
        #expect(first == [ids[4]])
        let third = places.leave(ids[2])
        #expect(third == [ids[1]])
        #expect(places.held.count == 2)
    }

    @Test func `T08 §16.111 starts that fail wait longer each time and tell once in ten minutes`() {
        var backoff = StartBackoff()
        let first = (0..<3).map { (tells: backoff.failed("no", at: .seconds($0)), retryAt: backoff.retryAt) }
        #expect(first.map(\.tells) == [false, false, true])
        #expect(first.map(\.retryAt) == [.seconds(1), .seconds(3), .seconds(6)])
        let later = [10, 603].map { backoff.failed("no", at: .seconds($0)) }
        #expect(later == [false, true])
        for _ in 0...20 { _ = backoff.failed("no", at: .seconds(700)) }
        #expect(backoff.retryAt == .seconds(1000))
        backoff.started()
        #expect(backoff.failures == 0)
    }

    @Test func `§16.90 §16.91 §16.92 typing is shown every 4 s while the runner works and pauses after a delivery`() {
        var typing = TypingState(startedAt: .zero)
        #expect(typing.look(at: .zero, works: false) == .show)
        #expect(typing.look(at: .seconds(3), works: false) == .wait)
        #expect(typing.look(at: .seconds(4), works: false) == .show)
        typing.delivered(at: .seconds(5))
        #expect(typing.look(at: .seconds(8), works: true) == .wait)
        #expect(typing.look(at: .seconds(16), works: true) == .show)
        #expect(typing.look(at: .seconds(20), works: false) == .stop)
        typing.delivered(at: .seconds(20))
        typing.inbound(at: .seconds(21))
        #expect(typing.look(at: .seconds(21), works: false) == .show)
    }

    @Test func `T70 typing ends with the last turn that works, not with the one before`() async throws {
        let clock = ManualTime()
        let channel = FakeChannel()
        let tasks = TaskScope()
        let silent = Logger(label: "typing") { _ in SwiftLogNoOpLogHandler() }
        let registry = ChannelRegistry([channel], time: clock, logger: silent)
        let keeper = TypingKeeper(registry: registry, time: clock, tasks: tasks) { _ in true }
        let session = SessionID.random()
        let chat = ChatAddress(channel: "test", platformID: "c1")
        let (first, second) = (TurnID.random(), TurnID.random())
        keeper.started(session, at: chat)
        keeper.started(session, at: chat, turn: first)
        keeper.started(session, at: chat, turn: second)
        keeper.stop(session, turn: first)
        try await clock.waitForSleepers()
        clock.advance(by: .seconds(4))
        try await clock.waitForSleepers()
        #expect(channel.typed.count == 2)
        #expect(channel.ended.isEmpty)
        keeper.stop(session, turn: second)
        keeper.started(session, at: chat, turn: TurnID.random())
        try await clock.waitForSleepers(2)
        clock.advance(by: .seconds(1))
        try await clock.waitForSleepers()
        #expect(channel.ended.isEmpty, "a message that waited is worked at")
        keeper.stop(session)
        clock.advance(by: .seconds(1))
        for _ in 0..<10_000 where channel.ended.isEmpty { await Task.yield() }
        #expect(channel.ended == [chat])
        await tasks.close()
    }

    @Test func `HR06 what a session makes the host do is bounded in number and in work`() {
        var budget = WorkBudget(units: 200)
        for _ in 0..<200 {
            #expect(budget.pause(at: .milliseconds(10)) == .zero)
            budget.spent(.microseconds(100))
        }
        #expect(budget.pause(at: .milliseconds(110)) > .zero)
        #expect(budget.pause(at: .milliseconds(1011)) == .zero)
        budget.spent(.milliseconds(101))
        #expect(budget.pause(at: .milliseconds(1200)) > .zero)
    }
}
