import ChannelConformance
import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelSlack

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Slack's link` {
    private func ever(_ world: SlackWorld) async throws -> Int64 {
        try await world.server.control("state")[key: "ever"]?.integer ?? -1
    }

    @Test func `what the host cannot store is not acknowledged, and handed over again`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            await inbox.failNext(1)
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await inbox.waitForRefusals(1)
                #expect(try await world.log("ACK").isEmpty)
                _ = try await world.say(WorldSaid("two", in: world.direct))
                await inbox.wait(2)
                try await world.server.control("wait", ["pending": 0])
                #expect(await inbox.events.map(\.content.text) == ["one", "two"])
                #expect(try await world.log("UNACKED").isEmpty)
            }
        }
    }

    @Test func `a hand-over that takes long is told again by Slack, done once, and acknowledged then`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            await inbox.hold()
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("slow", in: world.direct))
                await inbox.waitForCalls(1)
                try await world.waitForLog("UNACKED", 1)
                await inbox.release()
                try await world.server.control("wait", ["pending": 0])
                #expect(await inbox.events.count == 1)
                #expect(try await world.log("ACK").count == 1)
            }
        }
    }

    @Test func `an event that comes twice or late is handed over once`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                try await world.inject(.duplicateEvent)
                _ = try await world.say(WorldSaid("one", in: world.direct))
                // The look into the history that a first socket begins with stands before it in the lane, and is over then.
                await inbox.wait(1)
                try await world.inject(.reorder)
                _ = try await world.say(WorldSaid("two", in: world.direct))
                _ = try await world.say(WorldSaid("three", in: world.direct))
                await inbox.wait(3)
                try await world.server.control("wait", ["pending": 0])
                let texts = await inbox.events.map(\.content.text)
                #expect(texts == ["one", "three", "two"], "\(texts)")
            }
        }
    }

    @Test(arguments: ["refresh_requested", "warning"])
    func `a socket that is to be renewed is relieved before it goes`(_ reason: String) async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.server.control("fault", ["mode": "reconnect", "reason": .string(reason)])
                try await world.server.control("wait", ["ever": 2])
                try await world.waitForLinks(1)
                for number in 1...5 { _ = try await world.say(WorldSaid("\(number)", in: world.direct)) }
                await inbox.wait(5)
                #expect(await inbox.events.map(\.content.text) == (1...5).map { "\($0)" })
                #expect(adapter.health.state == .connected)
                #expect(try await ever(world) == 2)
                #expect(try await world.log("UNACKED").isEmpty)
                #expect(try await world.server.control("state")[key: "lost"] == 0)
            }
        }
    }

    @Test func `what was said while the socket was cut is read from history, in order and once`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let group = try #require(world.group)
                let root = try await world.say(WorldSaid("root", in: group))
                _ = try await world.say(WorldSaid("before", in: group, replyTo: root))
                await inbox.wait(2)
                try await world.server.control("wait", ["pending": 0])
                try await world.dropLinks()
                _ = try await world.say(WorldSaid("missed", in: group))
                _ = try await world.say(WorldSaid("missed in the thread", in: group, replyTo: root))
                _ = try await world.say(WorldSaid("missed too", in: group))
                try await world.waitForLinks(1)
                await inbox.wait(5)
                _ = try await world.say(WorldSaid("after", in: group))
                await inbox.wait(6)
                #expect(
                    await inbox.events.map(\.content.text) == [
                        "root", "before", "missed", "missed in the thread", "missed too", "after",
                    ]
                )
                #expect(await inbox.events[3].address.thread == root)
                #expect(adapter.health.state == .connected)
                #expect(try await world.openLinks() == 1)
            }
        }
    }

    @Test func `what was said while the host was down is read at its start`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await inbox.wait(1)
                try await world.server.control("wait", ["pending": 0])
            }
            try await world.waitForLinks(0)
            _ = try await world.say(WorldSaid("two", in: world.direct))
            _ = try await world.say(WorldSaid("three", in: world.direct))
            try await world.withRunning(inbox) { _ in
                await inbox.wait(3)
                _ = try await world.say(WorldSaid("four", in: world.direct))
                await inbox.wait(4)
                #expect(await inbox.events.map(\.content.text) == ["one", "two", "three", "four"])
            }
        }
    }

    @Test func `Slack's close of the socket is no end`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.server.control("fault", ["mode": "close", "code": 1001])
                try await world.server.control("wait", ["ever": 2])
                _ = try await world.say(WorldSaid("still there?", in: world.direct))
                await inbox.wait(1)
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func `a Slack that is out of order is asked again until it answers`() async throws {
        try await SlackWorld.run { world in
            try await world.server.control("fault", ["mode": "5xx", "on": "auth.test", "count": 1])
            try await world.server.control("fault", ["mode": "drop", "on": "apps.connections.open", "count": 1])
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                _ = try await world.say(WorldSaid("hi", in: world.direct))
                await inbox.wait(1)
                #expect(adapter.health.state == .connected)
                #expect(try await world.log("auth.test").count == 2)
            }
        }
    }

    @Test func `Socket Mode that was switched off is told to the operator, and noticed when it is back`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.server.control("fault", ["mode": "reconnect", "reason": "link_disabled"])
                try await world.waitForLog("apps.connections.open", 2)
                #expect(adapter.health.state == .disconnected)
                #expect(adapter.health.detail?.contains("switch") == true)
                try await world.server.control("fault", ["mode": "restore"])
                try await world.waitForLinks(1)
                _ = try await world.say(WorldSaid("back", in: world.direct))
                await inbox.wait(1)
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func `a token that was revoked is told to the operator, and messages wait`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.inject(.revoked)
                try await world.waitForLinks(0)
                try await world.waitForLog("auth.test", 2)
                let error = await adapter.refusal(.test(.text("x", files: []), to: world.direct.platformID))
                #expect(error?.code == .notConnected)
                #expect(adapter.health.state == .disconnected)
                #expect(adapter.health.detail?.contains("install the app again") == true)
                #expect(adapter.health.detail?.contains("xoxb-") == false)
                try await world.server.control("fault", ["mode": "restore"])
                try await world.waitForLinks(1)
                _ = try await world.say(WorldSaid("back", in: world.direct))
                await inbox.wait(1)
            }
        }
    }

    @Test func `the token of another workspace receives nothing`() async throws {
        try await SlackWorld.run { world in
            let other = SlackAdapter(
                team: "T0OTHER",
                mode: .socket,
                api: try SlackSettings(world.account.values).api(world.tools),
                tools: world.tools
            )
            let running = Task { try await other.run(RecordingInbox()) }
            try await world.waitForLog("auth.test", 2)
            #expect(other.health.state == .disconnected)
            #expect(other.health.detail?.contains(SlackWorld.team) == true)
            #expect(try await world.log("apps.connections.open").isEmpty)
            running.cancel()
            _ = await running.result
        }
    }
}
