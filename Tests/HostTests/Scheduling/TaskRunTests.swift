import CentralStore
import ChannelKit
import Core
import Foundation
import GRDB
import Sandbox
import Scheduling
import SessionStore
import SessionStoreHost
import TaskScheduling
import TestSupport
import Testing

@testable import Host

/// Tasks in a whole host: from the due time to the agent's row and back.
@Suite(.timeLimit(.minutes(2))) struct TaskRunTests {
    static func make(
        _ host: TestHost,
        inChat: Bool = true,
        _ change: @Sendable (inout TaskFields) -> Void
    ) async throws -> ScheduledTask {
        var fields = TaskFields()
        fields.prompt = "look"
        change(&fields)
        let wanted = fields
        let task = try await host.runtime.central.write { db in
            // The owner of these tests is reached on the channel that they look at.
            try db.execute(sql: "DELETE FROM user_roles WHERE user_id LIKE 'cli:%'")
            return try ScheduledTask.create(
                wanted,
                group: host.group.id,
                place: inChat ? TaskPlace(mode: .shared, chat: host.chat.id) : TaskPlace(mode: .agentShared, chat: nil),
                zone: "UTC",
                by: "test:boss",
                now: host.runtime.time.now,
                db
            ).task
        }
        host.runtime.scheduler.changed()
        return task
    }

    static func runNow(_ task: ScheduledTask, _ host: TestHost) async throws {
        try await host.runtime.central.write(changesRouting: false) { [now = host.runtime.time.now] db in
            _ = try ScheduledTask.runNow(task.id, now: now, db)
        }
        host.runtime.scheduler.changed()
    }

    static func states(_ task: ScheduledTask, _ host: TestHost) async throws -> [RunState] {
        try await host.runtime.central.read { db in try TaskView.runs(of: task.id, limit: 100, db).map(\.state) }
    }

    static func tasks(_ host: TestHost) -> [TaskContent] {
        host.spawner.runners.flatMap(\.seen).compactMap { row in
            guard case .task(let task) = row.content else { return nil }
            return task
        }
    }

    @Test func `a task reaches its chat's session when it is due, and what the agent says reaches the chat`()
        async throws
    {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let say: @Sendable (InboundRow) -> [NewOutbound] = { row in
                [
                    NewOutbound(
                        content: .chat(OutboundChat(text: "it is time")),
                        address: row.address,
                        inReplyTo: row.id,
                        turn: .random()
                    )
                ]
            }
            try await withHost(home: home, time: clock, { _ in .say(say) }) { host in
                let due = clock.now + .seconds(90)
                let task = try await Self.make(host) {
                    $0.at = TaskSchedule.utc(due)
                    $0.script = "true"
                }
                // Not in one go: a runner that starts has 10 s of this clock to show that it lives.
                clock.advance(by: .seconds(88))
                try await host.turn(clock, by: .milliseconds(100), until: "it is said") { host.channel.sent.count == 1 }
                #expect(clock.now >= task.nextDue ?? due)
                #expect(clock.now < due + .seconds(60))
                #expect(host.channel.texts == ["it is time"])
                #expect(host.channel.sent[0].address == host.chat.address)
                #expect(host.channel.sent[0].answers == .other)
                let seen = try #require(Self.tasks(host).first)
                let expected = TaskContent(prompt: "look", script: "true", task: task.id, dueAt: task.nextDue)
                #expect(seen == expected)
                try await host.eventually("its end is recorded") { try await Self.states(task, host) == [.completed] }
            }
        }
    }

    @Test func `T19 a run that the host's end has cut off is interrupted, told and begun no second time`() async throws
    {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(dm: "boss-dm")
            try await withHost(home: home, channel: channel, { _ in .hang }) { host in
                let task = try await Self.make(host) { $0.every = "1d" }
                try await Self.runNow(task, host)
                try await host.eventually("it has begun") { Self.tasks(host).count == 1 }
                try await host.eventually("it runs") { try await Self.states(task, host) == [.running] }
            }
            let second = FakeChannel(dm: "boss-dm")
            try await withHost(home: home, channel: second, { _ in .echo }) { host in
                try await Self.isInterrupted(host, first: channel, second: second)
            }
        }
    }

    /// The next host has told the owner, and begins nothing.
    static func isInterrupted(_ host: TestHost, first: FakeChannel, second: FakeChannel) async throws {
        let found = try await host.runtime.central.read { db in try ScheduledTask.fetchOne(db) }
        let task = try #require(found)
        try await host.eventually("it is listed") { try await Self.states(task, host) == [.interrupted] }
        try await host.runtime.accept(host.event("still there?"))
        try await host.eventually("the chat is answered") { second.texts.contains("echo: still there?") }
        #expect(tasks(host).isEmpty)
        let told = (first.sent + second.sent).filter { $0.address.platformID == "boss-dm" }
        #expect(told.count == 1)
        guard case .text(let text, _)? = told.first?.body else { return }
        #expect(text.contains("was interrupted and is not run a second time"))
        let states = try await Self.states(task, host)
        #expect(states == [.interrupted])
    }

    @Test func `T19 a runner that dies in a run ends it as interrupted`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(dm: "boss-dm")
            try await withHost(home: home, channel: channel, { $0.incarnation == 1 ? .dieInTurn : .echo }) { host in
                let task = try await Self.make(host) { $0.every = "1d" }
                try await Self.runNow(task, host)
                await channel.waitForSent(1)
                #expect(channel.sent.map(\.address.platformID) == ["boss-dm"])
                try await host.eventually("it is listed") { try await Self.states(task, host) == [.interrupted] }
                #expect(Self.tasks(host).count == 1)
            }
        }
    }

    @Test func `T19 a run whose beginning stands in a damaged file is interrupted, and begun no second time`()
        async throws
    {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(dm: "boss-dm")
            try await withHost(home: home, channel: channel, { $0.incarnation == 1 ? .hang : .echo }) { host in
                let task = try await Self.make(host) { $0.every = "1d" }
                try await Self.runNow(task, host)
                try await host.eventually("it has begun") { Self.tasks(host).count == 1 }
                let file = try await host.session().folder.outboundDatabase
                try Data(repeating: 0x78, count: 8192).write(to: URL(filePath: file))
                host.spawner.runners[0].kill()
                try await host.eventually("the owner is told of the file") {
                    channel.texts.contains { $0.contains("set aside") }
                }
                try await host.eventually("it is listed") { try await Self.states(task, host) == [.interrupted] }
                try await host.runtime.accept(host.event("still there?"))
                try await host.eventually("the chat is answered") { channel.texts.contains("echo: still there?") }
                #expect(Self.tasks(host).count == 1)
            }
        }
    }

    @Test(arguments: [true, false])
    func `T20 a failed run is told where it speaks, one without a chat to the owner, and the series goes on`(
        inChat: Bool
    )
        async throws
    {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(dm: "boss-dm")
            try await withHost(home: home, channel: channel, time: clock, { _ in .fail("the model is away") }) { host in
                let task = try await Self.make(host, inChat: inChat) { $0.every = "1h" }
                clock.advance(by: .seconds(3598))
                try await host.turn(clock, by: .milliseconds(100), until: "it has failed and was told") {
                    channel.sent.count == 1
                }
                #expect(channel.sent[0].address.platformID == (inChat ? "c1" : "boss-dm"))
                #expect(channel.texts[0].contains("failed: the model is away"))
                let after = try await host.runtime.central.read { try ScheduledTask.fetchOne($0, key: task.id) }
                #expect(after?.state == .active)
                #expect(after?.failures == 1)
                #expect(after?.nextDue == task.nextDue.map { $0 + .seconds(3600) })
            }
        }
    }

    @Test func `T20 a run with nothing to say sends nothing`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let task = try await Self.make(host) { $0.every = "1d" }
                try await Self.runNow(task, host)
                try await host.eventually("it has ended") { try await Self.states(task, host) == [.completed] }
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `what a person stops, and what a reset takes away, is no failure of the task`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                let task = try await Self.make(host) { $0.every = "1d" }
                try await Self.runNow(task, host)
                try await host.eventually("it has begun") { Self.tasks(host).count == 1 }
                let session = try await host.session()
                let wasBusy = try await host.runtime.stop(
                    session: session.id,
                    by: UserID(channel: "test", native: "boss")
                )
                #expect(wasBusy)
                try await host.eventually("it was stopped") { try await Self.states(task, host) == [.stopped] }
                let after = try await host.runtime.central.read { try ScheduledTask.fetchOne($0, key: task.id) }
                #expect(after?.failures == 0)
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `T65 a day with nothing due and nobody writing starts no runner`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock) { host in
                _ = try await Self.make(host) { $0.every = "2d" }
                for _ in 0..<(24 * 60) {
                    clock.advance(by: .seconds(60))
                    for _ in 0..<4 { await Task.yield() }
                }
                let end = clock.monotonic
                try await host.eventually("it has looked at the end of the day") {
                    clock.advance(by: .seconds(60))
                    return await host.runtime.scheduler.lastLook.map { $0 >= end } ?? false
                }
                #expect(host.spawner.runners.isEmpty)
                #expect(host.channel.sent.isEmpty)
            }
        }
    }
}
