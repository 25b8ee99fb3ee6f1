import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelDiscord

/// The connection and its ends, at the judge's gateway.
@Suite(.enabled(if: Judge.isOn), .serialized) struct GatewayTests {
    private func frames(_ scene: DiscordScene, _ name: String) async throws -> Int {
        try await scene.requests(name).filter { $0[key: "kind"] == "frame" }.count
    }

    @Test(
        arguments: [
            ("kick", ["code": 4000]), ("kick", [:]), ("fault", ["mode": "reconnect"]),
            ("fault", ["mode": "invalid_session", "resumable": true]),
        ] as [(String, JSONValue)]
    )
    func goesOnAfterAnInterruption(_ verb: String, _ fields: JSONValue) async throws {
        try await DiscordScene.with { scene in
            try await scene.running { adapter in
                try await scene.say("before")
                _ = try await scene.inbox.events(1)
                try await scene.judge.control(verb, fields)
                try await scene.say("while away")
                let events = try await scene.inbox.events(2)
                #expect(events.map(\.content.text) == ["before", "while away"])
                #expect(try await frames(scene, "IDENTIFY") == 1)
                #expect(try await frames(scene, "RESUME") == 1)
                try await scene.judge.control("wait", ["pending": 0])
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func fetchesWhatALostSessionDoesNotTell() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.say("one")
                try await scene.say("private", in: "dm:alice")
                let thread =
                    try await scene.judge.control("thread", ["chat": "group", "name": "T"])[key: "thread"] ?? .null
                try await scene.say("inside", ["thread": thread])
                _ = try await scene.inbox.events(3)
                try await scene.judge.control("fault", ["mode": "invalid_session"])
                try await scene.say("two")
                try await scene.say("three")
                try await scene.say("private two", in: "dm:alice")
                try await scene.say("inside two", ["thread": thread])
                let events = try await scene.inbox.events(7)
                #expect(try await frames(scene, "IDENTIFY") == 2)
                let group = events.filter { $0.address == scene.address("group") }
                #expect(group.map(\.content.text) == ["one", "two", "three"])
                #expect(events.filter { !$0.isGroup }.map(\.content.text) == ["private", "private two"])
                let inside = events.filter { $0.address == scene.address("group", thread: thread.string) }
                #expect(inside.map(\.content.text) == ["inside", "inside two"])
            }
        }
    }

    @Test func aNewStartGoesOnWithTheSession() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.say("first")
                _ = try await scene.inbox.events(1)
            }
            try await scene.say("in between")
            try await scene.running { _ in
                let events = try await scene.inbox.events(2)
                #expect(events.map(\.content.text) == ["first", "in between"])
                #expect(try await frames(scene, "IDENTIFY") == 1)
                #expect(try await frames(scene, "RESUME") == 1)
            }
        }
    }

    @Test func nothingIsAcknowledgedThatTheHostHasNot() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.judge.control("wait", ["pending": 0])
                await scene.inbox.fail(1_000_000)
                try await scene.say("kept")
                try await scene.inbox.wait("it was not tried again") { $0.calls >= 3 }
                // Heartbeats come once a second, and none of them says that it was taken.
                let beats = try await frames(scene, "HEARTBEAT")
                try await scene.judge.control(
                    "wait",
                    ["requests": ["name": "HEARTBEAT", "count": .integer(Int64(beats + 2))]]
                )
                #expect(try await scene.judge.control("state")[key: "pending"] == 1)
                // Nor does a new connection: the event comes again.
                try await scene.judge.control("kick", ["code": 4000])
                try await scene.judge.control("wait", ["requests": ["name": "RESUME"]])
                await scene.inbox.fail(0)
                let events = try await scene.inbox.events(1)
                #expect(events.map(\.content.text) == ["kept"])
                try await scene.judge.control("wait", ["pending": 0])
            }
        }
    }

    @Test func repeatsAreTheSameAndAnOrderIsKept() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.judge.control("fault", ["mode": "duplicate", "on": "MESSAGE_CREATE"])
                try await scene.say("twice")
                let events = try await scene.inbox.events(2)
                #expect(events[0] == events[1])
            }
        }
    }

    @Test func onlyOneConnectionAtATime() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                for count in 1...3 {
                    try await scene.judge.control("kick", ["code": 4000])
                    try await scene.judge.control(
                        "wait",
                        ["requests": ["name": "RESUME", "count": .integer(Int64(count))]]
                    )
                    #expect(try await scene.judge.control("state")[key: "open"] == 1)
                }
            }
        }
    }

    @Test func leavesAGatewayThatDoesNotAnswerHeartbeats() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.judge.control("fault", ["mode": "hang", "on": "HEARTBEAT"])
                try await scene.judge.control("wait", ["requests": ["name": "RESUME"]])
                let closes = try await scene.requests("CLOSE")
                #expect(closes.first?[key: "code"] == 4000)
                try await scene.say("after")
                _ = try await scene.inbox.events(1)
            }
        }
    }

    @Test(arguments: [(4014, "Message Content Intent"), (4004, "Reset Token"), (4013, "update NanoClaw")])
    func stopsWhereOnlyTheOperatorHelps(_ code: Int, _ words: String) async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let run = Task { try await adapter.run(scene.inbox) }
            try await scene.connected(adapter)
            try await scene.judge.control("fault", ["mode": "close", "code": .integer(Int64(code))])
            try await scene.judge.control("wait", ["open": 0])
            for _ in 0..<200 where adapter.health.state == .connected { try await Task.sleep(for: .milliseconds(10)) }
            #expect(adapter.health.state == .disconnected)
            #expect(adapter.health.detail?.contains(words) == true)
            #expect(try await scene.judge.control("state")[key: "ever"] == 1)
            run.cancel()
            _ = await run.result
        }
    }

    @Test func waitsWhenPlatformIsDown() async throws {
        try await DiscordScene.with { scene in
            try await scene.judge.control("fault", ["mode": "5xx", "on": "GET /gateway/bot", "count": 2])
            try await scene.running { _ in
                try await scene.say("hello")
                _ = try await scene.inbox.events(1)
                #expect(try await scene.requests("GET /gateway/bot").count == 3)
            }
        }
    }
}
