import ChannelConformance
import ChannelKit
import ChannelNetwork
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
struct `Slack by HTTP` {
    /// Runs the body while the adapter takes events at an address that the judge has verified.
    private func running(
        _ inbox: RecordingInbox,
        _ body: @Sendable (SlackWorld, SlackAdapter, String) async throws -> Void
    ) async throws {
        try await SlackWorld.run(["mode": "events"]) { world in
            try await world.withListener { base in
                let url = "\(base)/slack/slack"
                try await world.withRunning(inbox) { adapter in
                    try await world.waitForLog("auth.test", 1)
                    var isVerified = false
                    // The path is there a moment after the account is known.
                    for _ in 0..<2000 where !isVerified {
                        isVerified =
                            try await world.server.control("events_url", ["url": .string(url)])[key: "verified"] == true
                    }
                    #expect(isVerified)
                    try await body(world, adapter, url)
                }
                // The address goes with the adapter.
                let gone = try await world.tools.http.request(HTTPCall(.post, url))
                #expect(gone.status == 404)
            }
        }
    }

    @Test func `messages, buttons and commands come by one signed address`() async throws {
        let inbox = RecordingInbox()
        try await running(inbox) { world, adapter, _ in
            _ = try await world.say(WorldSaid("hello", in: world.direct))
            let card = Card(title: "Paint?", body: "", options: [CardOption(label: "Yes", value: "y")])
            let sent = try await adapter.deliver(.test(.card(card), to: world.direct.platformID))
            try await world.press("Yes", on: try #require(sent.platformMessageID), in: world.direct)
            try await world.server.control("command", ["chat": "dm:alice", "name": "ask", "text": "a+b=c & d"])
            await inbox.wait(3)
            try await world.server.control("wait", ["click": "2"])
            #expect(await inbox.events.map(\.content.text) == ["hello", "/ask a+b=c & d"])
            #expect(await inbox.answers.first?.card == card.id)
            #expect(adapter.health.state == .connected && adapter.health.transport == "webhook")
            let clicks = try await world.server.control("state")[key: "clicks"]?.array
            #expect(clicks?.last?[key: "payload"]?[key: "response_type"] == "in_channel")
        }
    }

    @Test func `an address that nobody has called yet stands, and nothing was heard by it`() async throws {
        try await SlackWorld.run(["mode": "events"]) { world in
            try await world.withListener { _ in
                try await world.withRunning(RecordingInbox()) { adapter in
                    // It has no event: it is looked at while the judge answers.
                    while adapter.health.state != .connected { _ = try await world.log() }
                    #expect(adapter.health.lastEvent == nil)
                }
            }
        }
    }

    @Test func `what is not stored is asked for again, and taken once`() async throws {
        let inbox = RecordingInbox()
        try await running(inbox) { world, _, _ in
            await inbox.hold()
            _ = try await world.say(WorldSaid("slow", in: world.direct))
            await inbox.waitForCalls(1)
            // The first try ends without a 2xx, the second finds it under way.
            try await world.server.control("wait", ["requests": ["name": "events_api", "count": 2], "timeout": 40])
            await inbox.release()
            try await world.server.control("wait", ["pending": 0, "timeout": 40])
            #expect(await inbox.events.map(\.content.text) == ["slow"])
            let statuses = try await world.log("events_api").map { $0[key: "status"]?.integer }
            #expect(statuses.first != 200 && statuses.last == 200)
        }
    }

    @Test func `requests that Slack has not signed, or not lately, are refused without a word`() async throws {
        let inbox = RecordingInbox()
        try await running(inbox) { world, _, url in
            let now = world.tools.time.now.milliseconds / 1000
            let body =
                #"{"type":"event_callback","event":{"type":"message","channel":"D1","user":"U1","text":"x","ts":"1700000000.000100"}}"#
            func post(_ secret: String, _ time: Int64, _ body: String, signed: String? = nil) async throws -> HTTPReply
            {
                let code = HMACSignature.code(
                    .sha256,
                    key: Array(secret.utf8),
                    Array("v0:\(time):\(signed ?? body)".utf8)
                )
                let headers: HeaderList = [
                    "x-slack-request-timestamp": "\(time)", "x-slack-signature": "v0=\(Hex.encode(code))",
                ]
                return try await world.tools.http.request(
                    HTTPCall(.post, url, headers: headers, body: .json(body))
                )
            }
            let wrong = [
                try await post("another-secret-here", now, body), try await post(SlackWorld.secret, now - 301, body),
                try await post(SlackWorld.secret, now + 301, body),
                try await post(SlackWorld.secret, now, body, signed: body + " "),
                try await world.tools.http.request(HTTPCall(.post, url, body: .json(body))),
            ]
            #expect(wrong.map(\.status) == [401, 401, 401, 401, 401])
            #expect(wrong.allSatisfy { $0.body.isEmpty })
            #expect(try await world.tools.http.request(HTTPCall(.get, url)).status == 405)
            #expect(try await post(SlackWorld.secret, now, "no json").status == 400)
            #expect(await inbox.events.isEmpty)
            #expect(try await post(SlackWorld.secret, now, body).status == 200)
            #expect(await inbox.events.count == 1)
        }
    }
}
