import CentralStore
import ChannelKit
import Channels
import Core
import Dispatch
import GRDB
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Agents that never stop by themselves.
@Suite(.timeLimit(.minutes(1))) struct AgentLimitTests {
    /// Passes what it hears on to that agent, for ever.
    static func passing(to name: String) -> AgentWorld.Script {
        { row, world in [world.mail("\(row.text).", to: name)] }
    }

    /// The other agent has an admin of its own.
    func admin(_ host: TestHost, _ world: AgentWorld, of name: String) async throws {
        let (group, now) = (world[name], host.runtime.time.now)
        try await host.runtime.central.write { db in
            try UserRole.grant(.admin, to: UserID(channel: "test", native: "keeper"), in: group, now: now, db)
        }
    }

    @Test(arguments: [["one"], ["one", "two"], ["one", "two", "three"]])
    func `T33 §16.228 a circle of agents stops after eight messages and both owners are told once`(
        others: [String]
    ) async throws {
        let channel = FakeChannel(dms: { "dm-\($0.native)" })
        let circle = ["main"] + others
        var scripts: [String: AgentWorld.Script] = [:]
        for (index, name) in circle.enumerated() {
            scripts[name] = Self.passing(to: circle[(index + 1) % circle.count])
        }
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, channel: channel, agents: others, scripts: scripts) { host, world in
                for (index, name) in circle.enumerated().dropFirst() where index + 1 < circle.count {
                    try await world.connect(host, name, circle[index + 1], as: "next")
                }
                for name in others { try await admin(host, world, of: name) }
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the circle comes to its end") { try await world.accepted(host).count == 8 }
                await channel.waitForSent(1)
                try await host.eventually("main's owner is told") { try await ownerNotices(host).count == 1 }
                try await host.rest()
                #expect(try await world.accepted(host).map(\.hops) == Array(1...8))
                // The ninth is between main, whose owner is told, and another, whose admin is.
                let notices = try await ownerNotices(host) + channel.texts
                #expect(notices.allSatisfy { $0.contains("have answered each other 8 times in a row") })
                #expect(channel.sent.map(\.address.platformID) == ["dm-keeper"])

                // Once more round the same pair: it stops again, and nobody is told a second time within the hour.
                try await host.runtime.accept(host.event("again"))
                try await host.eventually("it comes to its end again") { try await world.accepted(host).count == 16 }
                try await host.rest()
                #expect(channel.sent.count == 1)
                #expect(try await ownerNotices(host).count == 1)
                // Whoever broke the limit was told what to do, and started no turn for it.
                let told = try await news(host)
                #expect(told.count == 2)
                #expect(told.allSatisfy { $0.contains("Stop here and tell a person") })
            }
        }
    }

    @Test func `T33 what a person says meanwhile does not count for an answer to an agent`() async throws {
        let begins = Mutex(false)
        let goesOn = DispatchSemaphore(value: 0)
        let passing: AgentWorld.Script = { row, world in
            guard row.isMail else { return row.text == "go" ? [world.mail("1", to: "child")] : [] }
            guard row.text == "11" else { return [] }
            // Its turn is about the child's message; a person's comes before it ends.
            begins.withLock { $0 = true }
            goesOn.wait()
            return [world.mail("111", to: "child")]
        }
        let answering: AgentWorld.Script = { row, world in
            row.text == "1" ? [world.mail("11", to: "main", answering: row)] : []
        }
        try await withTemporaryDirectory { home in
            let scripts = ["main": passing, "child": answering]
            try await AgentWorld.with(home: home, agents: ["child"], scripts: scripts) { host, world in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the turn about the answer begins") { begins.withLock { $0 } }
                try await host.runtime.accept(host.event("and something else"))
                let handle = try await host.session()
                try await host.eventually("the person's row is there") {
                    try await handle.texts(outgoing: false).contains("and something else")
                }
                goesOn.signal()
                try await host.eventually("three are accepted") { try await world.accepted(host).count == 3 }
                #expect(try await world.accepted(host).map(\.hops) == [1, 2, 3])
                try await host.rest()
            }
        }
    }

    /// What stands in the chat of the home's owner.
    private func ownerNotices(_ host: TestHost) async throws -> [String] {
        try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 100).map(\.body.text)
    }

    /// What the host told any agent.
    private func news(_ host: TestHost) async throws -> [String] {
        let ids = try await host.runtime.central.read { try SessionID.fetchAll($0, sql: "SELECT id FROM sessions") }
        var all: [String] = []
        for id in ids { all += try await host.runtime.sessions.session(id).news() }
        return all
    }

    @Test func `T33 thirty messages a minute go between two agents, the rest is refused until the minute is over`()
        async throws
    {
        let clock = ManualTime()
        let channel = FakeChannel(dms: { "dm-\($0.native)" })
        let flood: AgentWorld.Script = { row, world in
            row.isMail ? [] : (0..<40).map { world.mail("\(row.text) \($0)", to: "child") }
        }
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(
                home: home,
                channel: channel,
                time: clock,
                agents: ["child"],
                scripts: ["main": flood, "child": { _, _ in [] }]
            ) { host, world in
                try await admin(host, world, of: "child")
                try await host.runtime.accept(host.event("first"))
                let handle = try await host.session()
                try await host.turn(clock, by: .milliseconds(1), until: "all have their end") {
                    try await handle.store.delivery(seq: 81)?.state == .failed
                }
                #expect(try await world.accepted(host).count == 30)
                try await host.turn(clock, until: "both are told") {
                    let told = try await ownerNotices(host).count
                    return channel.sent.count == 1 && told == 1
                }
                #expect(channel.sent.map(\.address.platformID) == ["dm-keeper"])
                let notices = try await ownerNotices(host) + channel.texts
                #expect(notices.allSatisfy { $0.contains("30 messages in a minute") })
                clock.advance(by: .seconds(61))
                try await host.runtime.accept(host.event("second"))
                try await host.turn(clock, until: "thirty more went") { try await world.accepted(host).count == 60 }
                let child = try #require(try await world.entry(host, "child"))
                try await host.turn(clock, until: "they are there") {
                    try await child.texts(outgoing: false).count == 60
                }
                #expect(channel.sent.count == 1)
                #expect(try await ownerNotices(host).count == 1)
            }
        }
    }

    @Test func `T33 what the host itself says is no cause from outside, and wakes nobody`() async throws {
        // Each answers whatever it hears, and all that it is told by the host.
        let chatter: AgentWorld.Script = { row, world in [world.mail("news", to: row.isMail ? "main" : "child")] }
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(
                home: home,
                agents: ["child"],
                scripts: ["main": Self.passing(to: "child"), "child": chatter]
            ) { host, world in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("it stops") { try await world.accepted(host).count == 8 }
                try await host.rest()
                let parent = try await host.session()
                let refused = try await parent.store.history(limit: 100).filter { $0.state == "failed" }.count
                // A system row that starts a turn: what answers it still counts on from the last message.
                let now = host.runtime.time.now
                let wake = SystemContent(action: "on_wake", status: "ok", text: "awake")
                _ = try await parent.store.insert([
                    NewInbound(sourceID: "wake", content: .system(wake), sentAt: now, receivedAt: now)
                ])
                await host.runtime.supervisor.wake(parent)
                try await host.eventually("what it wrote then is refused") {
                    try await parent.store.history(limit: 100).filter { $0.state == "failed" }.count > refused
                }
                #expect(try await world.accepted(host).count == 8)
            }
        }
    }
}
