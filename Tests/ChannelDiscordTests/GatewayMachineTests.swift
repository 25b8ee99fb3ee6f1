import Core
import Testing

@testable import ChannelDiscord

@Suite struct GatewayMachineTests {
    private static let session = GatewaySession(id: "s1", url: "wss://r.discord.gg", seq: 7, user: "42")
    private static let ready = GatewayEvent.ready(
        WireReady(
            user: WireUser(id: "42", bot: true),
            sessionID: "s2",
            resumeURL: "wss://r2.discord.gg",
            guilds: []
        )
    )
    private static let message = GatewayEvent.message(WireMessage(id: "9", channelID: "8"))

    /// A machine whose connection was greeted at time zero, half an interval of 10 s before the first heartbeat.
    private func greeted(_ session: GatewaySession? = nil) -> (GatewayMachine, [GatewayMachine.Step]) {
        var machine = GatewayMachine(session: session)
        machine.open(at: .zero)
        let steps = machine.take(.hello(interval: 10_000), at: .zero, chance: 0.5)
        return (machine, steps)
    }

    @Test func beginsASession() {
        var (machine, steps) = greeted()
        #expect(steps == [.send(.identify)])
        #expect(machine.session == nil)
        let told = machine.take(.event(seq: 1, Self.ready), at: .zero, chance: 0)
        #expect(told == [.established(isNew: true), .deliver(seq: 1, Self.ready)])
        #expect(machine.isStanding)
        // What READY brings is not done yet: there is nothing to go on with.
        #expect(machine.session == nil)
        machine.done(1)
        #expect(machine.session == GatewaySession(id: "s2", url: "wss://r2.discord.gg", seq: 1, user: "42"))
    }

    @Test func beatsWithJitterAndAcknowledgesOnlyWhatTheHostHas() {
        var (machine, _) = greeted()
        _ = machine.take(.event(seq: 1, Self.ready), at: .zero, chance: 0)
        #expect(machine.due == .seconds(5))
        #expect(machine.tick(at: .seconds(4)).isEmpty)
        #expect(machine.tick(at: .seconds(5)) == [.send(.heartbeat(seq: nil))])
        #expect(machine.due == .seconds(15))
        _ = machine.take(.beatAcknowledged, at: .seconds(5), chance: 0)
        _ = machine.take(.event(seq: 2, Self.message), at: .seconds(6), chance: 0)
        machine.done(1)
        #expect(machine.tick(at: .seconds(15)) == [.send(.heartbeat(seq: 1))])
        machine.done(2)
        #expect(machine.take(.beatWanted, at: .seconds(16), chance: 0) == [.send(.heartbeat(seq: 2))])
        #expect(machine.due == .seconds(26))
    }

    @Test func leavesAConnectionThatDoesNotAcknowledge() {
        var (machine, _) = greeted(Self.session)
        _ = machine.take(.event(seq: 8, .resumed), at: .zero, chance: 0)
        _ = machine.tick(at: .seconds(5))
        #expect(machine.tick(at: .seconds(15)) == [.close(code: 4000)])
        #expect(machine.end(nil) == .again("Discord did not acknowledge a heartbeat", .backoff))
        #expect(machine.session?.seq == 8)
    }

    @Test func aReaderThatIsHeldUpIsNoZombie() {
        var (machine, _) = greeted(Self.session)
        _ = machine.take(.event(seq: 8, .resumed), at: .zero, chance: 0)
        _ = machine.tick(at: .seconds(5))
        machine.hold(true)
        #expect(machine.tick(at: .seconds(15)) == [.send(.heartbeat(seq: 8))])
        machine.hold(false)
        #expect(machine.tick(at: .seconds(25)) == [.send(.heartbeat(seq: 8))])
        #expect(machine.tick(at: .seconds(35)) == [.close(code: 4000)])
    }

    @Test func goesOnWithASession() {
        var (machine, steps) = greeted(Self.session)
        #expect(steps == [.send(.resume(Self.session))])
        #expect(machine.take(.event(seq: 8, Self.message), at: .zero, chance: 0) == [.deliver(seq: 8, Self.message)])
        #expect(machine.take(.event(seq: 9, .resumed), at: .zero, chance: 0) == [.established(isNew: false)])
        #expect(machine.session?.seq == 7)
        machine.done(8)
        #expect(machine.session?.seq == 9)
    }

    @Test func whatWasNotDoneComesAgainAndWhatWasDoneDoesNot() {
        var (machine, _) = greeted(Self.session)
        for seq in 8...10 { _ = machine.take(.event(seq: seq, Self.message), at: .zero, chance: 0) }
        machine.done(9)
        #expect(machine.openCount == 2)
        #expect(machine.end(nil) == .again("The connection to Discord was cut", .backoff))
        machine.open(at: .zero)
        let steps = machine.take(.hello(interval: 1_000), at: .zero, chance: 0)
        #expect(steps == [.send(.resume(Self.session))])
        let repeated = (8...10).map { machine.take(.event(seq: $0, Self.message), at: .zero, chance: 0).count }
        #expect(repeated == [1, 0, 1])
        machine.done(8)
        #expect(machine.session?.seq == 9)
        machine.done(10)
        #expect(machine.session?.seq == 10)
    }

    @Test func reconnectsWhenAsked() {
        var (machine, _) = greeted(Self.session)
        _ = machine.take(.event(seq: 8, .resumed), at: .zero, chance: 0)
        #expect(machine.take(.reconnect, at: .zero, chance: 0) == [.close(code: 4000)])
        #expect(machine.end(GatewayClose(code: 4000, reason: "")) == .again("Discord asked to connect anew", .soon))
        #expect(machine.session?.id == "s1")
    }

    @Test(arguments: [(true, "s1"), (false, nil)])
    func waitsAfterAnInvalidSession(_ isResumable: Bool, _ kept: String?) {
        var (machine, _) = greeted(Self.session)
        let steps = machine.take(.invalidSession(isResumable: isResumable), at: .zero, chance: 0.5)
        #expect(steps == [.close(code: 4000)])
        #expect(machine.end(nil) == .again("Discord has ended the session", .fixed(.seconds(3))))
        #expect(machine.session?.id == kept)
    }

    @Test func aSessionWhoseReadyIsNotDoneIsBegunAnew() {
        var (machine, _) = greeted()
        _ = machine.take(.event(seq: 1, Self.ready), at: .zero, chance: 0)
        _ = machine.end(nil)
        machine.open(at: .zero)
        #expect(machine.take(.hello(interval: 1_000), at: .zero, chance: 0) == [.send(.identify)])
    }

    @Test func hasNoPatienceWithSilence() {
        var machine = GatewayMachine(session: nil)
        machine.open(at: .zero)
        #expect(machine.due == .seconds(30))
        #expect(machine.tick(at: .seconds(30)) == [.close(code: 4000)])
        var (greeted, _) = greeted()
        _ = greeted.tick(at: .seconds(5))
        _ = greeted.take(.beatAcknowledged, at: .seconds(5), chance: 0)
        _ = greeted.tick(at: .seconds(15))
        _ = greeted.take(.beatAcknowledged, at: .seconds(15), chance: 0)
        _ = greeted.tick(at: .seconds(25))
        _ = greeted.take(.beatAcknowledged, at: .seconds(25), chance: 0)
        #expect(greeted.tick(at: .seconds(30)) == [.close(code: 4000)])
    }

    @Test(arguments: [0, -5, 49, 600_001])
    func refusesSenselessIntervals(_ milliseconds: Int) {
        var machine = GatewayMachine(session: nil)
        machine.open(at: .zero)
        #expect(machine.take(.hello(interval: milliseconds), at: .zero, chance: 0) == [.close(code: 4000)])
    }

    @Test(arguments: [4004, 4010, 4011, 4012, 4013, 4014] as [UInt16])
    func stopsAtFatalCodes(_ code: UInt16) {
        var (machine, _) = greeted(Self.session)
        guard case .stop(let why) = machine.end(GatewayClose(code: code, reason: "")) else {
            Issue.record("\(code) does not stop")
            return
        }
        if code == 4014 { #expect(why.contains("Message Content Intent")) }
        if code == 4004 { #expect(why.contains("Reset Token")) }
    }

    @Test(arguments: [
        (4007, false), (4009, false), (4000, true), (4008, true), (1000, true), (1001, true), (1006, true),
    ])
    func keepsTheSessionAfterOtherCodes(_ code: Int, _ isKept: Bool) {
        var (machine, _) = greeted(Self.session)
        guard case .again(_, .backoff) = machine.end(GatewayClose(code: UInt16(code), reason: "x")) else {
            Issue.record("\(code) is not tried again")
            return
        }
        #expect((machine.session != nil) == isKept)
    }

    @Test func spacesNewSessions() {
        var budget = IdentifyBudget()
        #expect(budget.reserve(at: .seconds(100), remaining: 5, resetAfter: nil) == .zero)
        #expect(budget.reserve(at: .seconds(101), remaining: 4, resetAfter: nil) == .seconds(4))
        #expect(budget.reserve(at: .seconds(102), remaining: 0, resetAfter: .seconds(777)) == .seconds(777))
        #expect(budget.reserve(at: .seconds(200), remaining: nil, resetAfter: nil) == .zero)
    }
}
