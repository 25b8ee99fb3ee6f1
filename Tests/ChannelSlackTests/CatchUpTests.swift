import ChannelKit
import ChannelNetwork
import Core
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelSlack

/// What an API of our own answers to `history`: the judge does not tell of threads that began meanwhile.
@Suite(.timeLimit(.minutes(1))) struct `What was missed in Slack` {
    private let silent = Logger(label: "slack") { _ in SwiftLogNoOpLogHandler() }

    /// Runs the body with a desk whose API answers so by method, and what it was asked.
    private func withDesk(
        _ answers: [String: @Sendable ([String: String]) -> String],
        _ inbox: RecordingInbox,
        state: MemoryChannelState = MemoryChannelState(),
        _ body: @Sendable (SlackDesk) async throws -> Void
    ) async throws {
        let listener = WebhookListener(WebhookOptions(port: 0), logger: silent)
        for (method, answer) in answers {
            try listener.add("api/\(method)") { request in
                WebhookResponse(status: 200, body: Array(answer(FormDecoding.fields(request.body)).utf8))
            }
        }
        let listening = Task { try await listener.run() }
        defer { listening.cancel() }
        let port = try await listener.port
        try await withTemporaryDirectory { folder in
            let http = try HTTPPool()
            let tools = ChannelTools(
                http: http,
                webhooks: listener,
                sockets: try WebSocketClient(),
                state: state,
                media: MediaFolder(path: folder, largest: 1000),
                folder: folder,
                time: SystemTime(),
                logger: silent
            )
            let api = try SlackAPI(
                base: "http://127.0.0.1:\(port)/hooks/api",
                botToken: "xoxb-1",
                http: http,
                time: tools.time
            )
            let lanes = SlackLanes(time: tools.time, logger: silent)
            let desk = SlackDesk(
                me: me,
                api: api,
                directory: SlackDirectory(api: api, time: tools.time),
                files: SlackFiles(api: api, media: tools.media, logger: silent),
                places: SlackPlaces(state: tools.state, logger: silent),
                lanes: lanes,
                inbox: inbox,
                tools: tools,
                typing: SlackTyping(api: api, time: tools.time),
                revoked: { _ in }
            )
            let running = Task { await lanes.run() }
            defer { running.cancel() }
            try await body(desk)
        }
    }

    private static func ts(_ seconds: Int) -> String { "\(1_700_000_000 + seconds).000000" }

    private static func message(_ seconds: Int, _ text: String, _ more: String = "") -> String {
        #"{"type":"message","user":"U1","text":"\#(text)","ts":"\#(ts(seconds))"\#(more)}"#
    }

    private static func page(_ messages: [String], next: String = "") -> String {
        let list = messages.joined(separator: ",")
        return #"{"ok":true,"messages":[\#(list)],"response_metadata":{"next_cursor":"\#(next)"}}"#
    }

    private static let nowhereElse = #"{"ok":true,"channels":[]}"#
    private static let person = #"{"ok":true,"user":{"id":"U1","team_id":"T1","name":"ann"}}"#

    @Test func `a thread that began meanwhile at an old message is found by its root`() async throws {
        let inbox = RecordingInbox()
        let (root, own, reply) = (Self.ts(50), Self.ts(100), Self.ts(200))
        let facts: @Sendable (String) -> String = {
            #","thread_ts":"\#($0)","reply_count":1,"latest_reply":"\#(reply)""#
        }
        try await withDesk(
            [
                "users.info": { _ in Self.person },
                "users.conversations": { _ in #"{"ok":true,"channels":[{"id":"C1"},{"id":"C2"}]}"# },
                "conversations.history": { fields in
                    guard fields["channel"] == "C1" else { return Self.page([Self.message(180, "elsewhere")]) }
                    return Self.page([
                        Self.message(150, "new"),
                        #"{"type":"message","user":"UBOT","bot_id":"BBOT","text":"mine","ts":"\#(own)"\#(facts(own))}"#,
                        Self.message(50, "known", facts(root)),
                    ])
                },
                "conversations.replies": { fields in
                    let at = fields["ts"] ?? ""
                    let thread = #","thread_ts":"\#(at)""#
                    return Self.page(
                        at == own
                            ? [Self.message(100, "mine"), Self.message(200, "to mine", thread)]
                            : [Self.message(50, "known", thread), Self.message(190, "to known", thread)]
                    )
                },
            ],
            inbox
        ) { desk in
            await desk.places.note(Self.ts(120), at: .init("C1"))
            await desk.catchUp(1)
            await inbox.wait(4)
            let events = await inbox.events
            let here = events.filter { $0.address.platformID == "slack:T1:C1" }
            #expect(here.map(\.content.text) == ["new", "to known", "to mine"])
            #expect(here.map(\.address.thread) == [nil, root, own])
            #expect(events.contains { $0.address.platformID == "slack:T1:C2" && $0.content.text == "elsewhere" })
        }
    }

    @Test func `an answer that is shown in the conversation too is not told again after a restart`() async throws {
        let inbox = RecordingInbox()
        let state = MemoryChannelState()
        let loud = #","subtype":"thread_broadcast","thread_ts":"\#(Self.ts(50))""#
        let place = #","channel":"C1","channel_type":"channel""#
        let answers: [String: @Sendable ([String: String]) -> String] = [
            "users.info": { _ in Self.person },
            "users.conversations": { _ in Self.nowhereElse },
            "conversations.history": { _ in Self.page([Self.message(300, "new"), Self.message(200, "to all", loud)]) },
            "conversations.replies": { _ in Self.page([Self.message(50, "root"), Self.message(200, "to all", loud)]) },
        ]
        try await withDesk(answers, inbox, state: state) { desk in
            for event in [Self.message(120, "before", place), Self.message(200, "to all", loud + place)] {
                let delivery = SlackDelivery(kind: .event, payload: payload(event))
                let job = try #require(try await desk.take(delivery))
                #expect(await desk.lanes.finishes(job, within: .seconds(20)))
            }
        }
        try await withDesk(answers, inbox, state: state) { desk in
            await desk.places.load()
            await desk.catchUp(1)
            await inbox.wait(3)
            #expect(await inbox.events.map(\.content.text) == ["before", "to all", "new"])
        }
    }

    @Test func `a gap of several pages is read whole, the oldest first`() async throws {
        let inbox = RecordingInbox()
        try await withDesk(
            [
                "users.info": { _ in Self.person },
                "users.conversations": { _ in Self.nowhereElse },
                "conversations.history": { fields in
                    switch fields["cursor"] ?? "" {
                    case "": Self.page([Self.message(300, "third")], next: "second=")
                    case "second=": Self.page([Self.message(250, "second")], next: "first=")
                    default: Self.page([Self.message(200, "first")])
                    }
                },
            ],
            inbox
        ) { desk in
            await desk.places.note(Self.ts(120), at: .init("C1"))
            await desk.catchUp(1)
            await inbox.wait(3)
            #expect(await inbox.events.map(\.content.text) == ["first", "second", "third"])
        }
    }

    @Test func `of a gap without an end the newest pages are read`() async throws {
        let inbox = RecordingInbox()
        let asked = Mutex(0)
        try await withDesk(
            [
                "users.info": { _ in Self.person },
                "users.conversations": { _ in Self.nowhereElse },
                "conversations.history": { _ in
                    let number = asked.withLock { asked in
                        asked += 1
                        return asked
                    }
                    return Self.page([Self.message(900 - number, "page \(number)")], next: "more=")
                },
            ],
            inbox
        ) { desk in
            await desk.places.note(Self.ts(120), at: .init("C1"))
            await desk.catchUp(1)
            await inbox.wait(SlackDesk.mostPages)
            #expect(await inbox.events.first?.content.text == "page \(SlackDesk.mostPages)")
            #expect(asked.withLock { $0 } == SlackDesk.mostPages)
        }
    }

    @Test func `what Slack will not show is given up, and what comes behind it is not held up`() async throws {
        let inbox = RecordingInbox()
        try await withDesk(
            [
                "users.info": { _ in Self.person },
                "users.conversations": { _ in #"{"ok":false,"error":"missing_scope","needed":"channels:read"}"# },
                "conversations.history": { _ in #"{"ok":false,"error":"not_in_channel"}"# },
            ],
            inbox
        ) { desk in
            await desk.places.note(Self.ts(120), at: .init("C1"))
            await desk.catchUp(1)
            _ = try await desk.take(
                SlackDelivery(
                    kind: .event,
                    payload: payload(Self.message(300, "after", #","channel":"C1","channel_type":"channel""#))
                )
            )
            await inbox.wait(1)
            #expect(await inbox.events.map(\.content.text) == ["after"])
        }
    }

    @Test func `while nobody says who wrote it a message waits, and has the right team then`() async throws {
        let inbox = RecordingInbox()
        let asked = Mutex(0)
        try await withDesk(
            [
                "users.info": { _ in
                    let count = asked.withLock { asked in
                        asked += 1
                        return asked
                    }
                    if count == 1 { return "<html>upstream error</html>" }
                    return #"{"ok":true,"user":{"id":"U1","team_id":"T7","name":"eve"}}"#
                }
            ],
            inbox
        ) { desk in
            let event = Self.message(300, "hi", #","channel":"C1","channel_type":"channel""#)
            let job = try #require(try await desk.take(SlackDelivery(kind: .event, payload: payload(event))))
            #expect(await desk.lanes.finishes(job, within: .seconds(20)))
            #expect(await inbox.events.map(\.senderNativeID) == ["T7:U1"])
            #expect(asked.withLock { $0 } == 2)
        }
    }
}
