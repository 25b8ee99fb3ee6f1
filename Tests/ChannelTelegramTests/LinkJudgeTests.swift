import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelTelegram

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `The link to Telegram` {
    @Test func `it is heard while it polls, by one poll at a time, and knows its commands`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                for number in 0..<5 {
                    _ = try await world.say(WorldSaid("\(number)", in: world.direct))
                    await inbox.wait(number + 1)
                    #expect(try await world.openLinks() <= 1)
                }
                #expect(adapter.health.state == .connected)
                #expect(adapter.health.lastEvent != nil)
                #expect(adapter.health.transport == "long poll")
                let commands = try await world.requests("setMyCommands").map { entry in
                    (entry[key: "body"]?[key: "commands"]?.array ?? []).compactMap { $0[key: "command"]?.string }
                }
                #expect(commands == [["stop", "clear"], ["stop", "clear", "link"]])
            }
            #expect(try await world.requests("getUpdates").allSatisfy { $0[key: "error"] == nil })
        }
    }

    @Test func `nothing is confirmed before the host has it`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            await inbox.failNext(1)
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await inbox.waitForRefusals(1)
                // The first that is not taken has the number 1001.
                let offset = try await world.tools.state.value("offset").flatMap { Int64($0) } ?? 0
                #expect(offset <= 1001)
                #expect(try await world.server.control("state")[key: "pending"]?.integer == 1)
                _ = try await world.say(WorldSaid("two", in: world.direct))
                await inbox.wait(2)
                #expect(await inbox.events.map(\.content.text) == ["one", "two"])
                try await world.server.control("wait", ["pending": 0])
            }
            #expect(try await world.tools.state.value("offset") == "1003")
        }
    }

    @Test func `after a restart it goes on where it was`() async throws {
        try await TelegramWorld.run { world in
            let first = RecordingInbox()
            try await world.withRunning(first) { _ in
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await first.wait(1)
                try await world.server.control("wait", ["pending": 0])
            }
            _ = try await world.say(WorldSaid("two", in: world.direct))
            _ = try await world.say(WorldSaid("three", in: world.direct))
            let second = RecordingInbox()
            try await world.withRunning(second) { _ in
                await second.wait(2)
                #expect(await second.events.map(\.content.text) == ["two", "three"])
            }
        }
    }

    @Test func `an answer that is lost is asked for again`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.inject(.dropMidEvent)
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await inbox.wait(1)
                try await world.dropLinks()
                _ = try await world.say(WorldSaid("two", in: world.direct))
                await inbox.wait(2)
                #expect(await inbox.events.map(\.content.text) == ["one", "two"])
                try await world.server.control("wait", ["open": 1])
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func `an event that comes twice has the same key`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                try await world.inject(.duplicateEvent)
                _ = try await world.say(WorldSaid("one", in: world.direct))
                await inbox.wait(2)
                let events = await inbox.events
                #expect(events[0] == events[1])
            }
        }
    }

    @Test func `another program that polls is named, and it comes back when that ends`() async throws {
        let time = ManualTime()
        try await TelegramWorld.run(time: time) { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.inject(.secondPoller)
                try await time.waitForSleepers(2)
                #expect(adapter.health.state == .disconnected)
                #expect(adapter.health.detail?.contains("another program polls with this token") == true)
                time.advance(by: .seconds(30))
                _ = try await world.say(WorldSaid("there again", in: world.direct))
                await inbox.wait(1)
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func `a token that does not count any more is said, and one that counts again is used`() async throws {
        let time = ManualTime()
        try await TelegramWorld.run(time: time) { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.inject(.revoked)
                // First the poll is cut, then the next one is refused.
                for _ in 0..<2 {
                    try await time.waitForSleepers(2)
                    if adapter.health.detail != PollPlan.unauthorized { time.advance(by: .seconds(30)) }
                }
                try await time.waitForSleepers(2)
                #expect(adapter.health.state == .disconnected)
                #expect(adapter.health.detail == PollPlan.unauthorized)
                try await world.server.control("fault", ["mode": "restore"])
                time.advance(by: .seconds(30))
                _ = try await world.say(WorldSaid("there again", in: world.direct))
                await inbox.wait(1)
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test func `a webhook that was left behind is removed`() async throws {
        let time = ManualTime()
        try await TelegramWorld.run(time: time) { world in
            // Nobody listens there.
            let url = "http://127.0.0.1:9/"
            let api = TelegramAPI(http: world.tools.http, base: world.server.base, token: TelegramWorld.token)
            _ = try await api.call("setWebhook", ["url": .string(url)])
            let inbox = RecordingInbox()
            let adapter = try world.adapter()
            let running = Task { try await adapter.run(inbox) }
            try await time.waitForSleepers(2)
            time.advance(by: .seconds(30))
            try await world.server.control("wait", ["open": 1])
            _ = try await world.say(WorldSaid("hello", in: world.direct))
            await inbox.wait(1)
            running.cancel()
            _ = await running.result
        }
    }

    @Test func `who the bot is is asked before anything is kept`() async throws {
        try await TelegramWorld.run { world in
            let identity = try await world.platform.identify(world.account.values, world.tools)
            #expect(identity == ChannelIdentity(account: "4242", title: "@judge_bot"))
            func failure(_ values: [String: String], publicURL: String? = nil) async -> ChannelSetupError? {
                var tools = world.tools
                tools.publicURL = publicURL
                let complete = ["token": TelegramWorld.token, "api": world.server.base].merging(values) { $1 }
                do {
                    _ = try await world.platform.identify(ChannelValues(complete), tools)
                    return nil
                } catch {
                    return error
                }
            }
            let cases: [([String: String], ChannelSetupFailure, String)] = [
                (["token": "4242:ANOTHER-TOKEN"], .refused, "@BotFather"),
                (["token": "nonsense"], .invalid, "@BotFather"),
                (["token": "4242:short"], .invalid, "@BotFather"),
                (["mode": "push"], .invalid, "poll or webhook"),
                (["mode": "webhook"], .invalid, "webhooks.url"),
                (["api": "ftp://x"], .invalid, "api"),
                (["api": "http://127.0.0.1:9"], .unreachable, "api"),
            ]
            let live = await failure(
                ["api": "https://api.telegram.org", "mode": "webhook"],
                publicURL: "http://127.0.0.1:1"
            )
            #expect(live?.message.contains("https") == true)
            for (values, code, words) in cases {
                let error = await failure(values)
                #expect(error?.code == code, "\(values)")
                #expect(error.map { "\($0)".contains(words) } == true, "\(values): \(error.map { "\($0)" } ?? "")")
                #expect(error.map { !"\($0)".contains("ANOTHER-TOKEN") } == true)
            }
        }
    }

    @Test func `the account of another bot is not run`() async throws {
        try await TelegramWorld.run { world in
            var account = world.account
            account.identity.account = "1"
            #expect(throws: ChannelSetupError.self) { try world.platform.adapter(account, world.tools) }
        }
    }

    @Test func `the token stands in no log and no error`() async throws {
        let lines = LineCollector()
        let logger = Logger(label: "t") { _ in lines.handler() }
        try await TelegramWorld.run(logger: logger) { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                try await world.dropLinks()
                try await world.inject(.revoked)
                _ = try? await adapter.deliver(.test("hello", in: world.direct))
                try await world.server.control("wait", ["requests": ["name": "getUpdates", "count": 4]])
                #expect(adapter.health.detail?.contains(TelegramWorld.token) == false)
            }
            let text = lines.text
            #expect(!text.isEmpty)
            #expect(!text.contains("JUDGE-TOKEN"))
        }
    }

    // MARK: - Webhook

    private func withWebhook(
        time: any TimeSource = SystemTime(),
        _ body: @Sendable (TelegramWorld, TelegramChannel, RecordingInbox, String) async throws -> Void
    ) async throws {
        // The port is known once the listener listens, which it does when a path is there: so it has one already.
        try await TelegramWorld.run(time: time) { base in
            try base.listener.add("ready") { _ in WebhookResponse(status: 204) }
            let listening = Task { try await base.listener.run() }
            let url = "http://127.0.0.1:\(try await base.listener.port)"
            let world = base.withWebhook(at: url)
            let inbox = RecordingInbox()
            let adapter = try world.adapter()
            let running = Task { try await adapter.run(inbox) }
            let outcome: Result<Void, any Error>
            do {
                try await world.server.control("wait", ["requests": ["name": "getWebhookInfo"]])
                outcome = .success(try await body(world, adapter, inbox, url))
            } catch {
                outcome = .failure(error)
            }
            running.cancel()
            _ = await running.result
            listening.cancel()
            _ = await listening.result
            try outcome.get()
        }
    }

    @Test func `by webhook everything comes in order, albums as one, and again what was not stored`() async throws {
        try await withWebhook { world, adapter, inbox, url in
            await inbox.failNext(1)
            _ = try await world.say(WorldSaid("one", in: world.direct))
            let files = [("a.txt", [UInt8(1)]), ("b.txt", [UInt8(2)])]
            _ = try await world.say(WorldSaid("two", in: world.direct, files: files))
            await inbox.wait(2)
            let events = await inbox.events
            #expect(events.map(\.content.text) == ["one", "two"])
            #expect(events[1].attachments.count == 2)
            #expect(await inbox.refusals == 1)
            #expect(adapter.health.state == .connected)
            #expect(adapter.health.transport == "webhook")
            try await world.server.control("wait", ["pending": 0])
            #expect(try await world.requests("deleteWebhook").isEmpty)
            var tools = world.tools
            tools.publicURL = "https://elsewhere.example"
            try await world.platform.end(world.account, tools)
            #expect(try await world.requests("deleteWebhook").isEmpty, "it is another host's by now")
            tools.publicURL = url
            try await world.platform.end(world.account, tools)
            #expect(try await world.requests("deleteWebhook").count == 1)
        }
    }

    @Test func `a webhook's path is guessed by nobody, and without the secret nothing is read`() async throws {
        try await withWebhook { world, _, inbox, url in
            let call = try #require(try await world.requests("setWebhook").first?[key: "body"])
            let hook = try #require(call[key: "url"]?.string)
            let secret = try #require(call[key: "secret_token"]?.string)
            #expect(hook.hasPrefix("\(url)/hooks/telegram/4242/"))
            #expect(hook.count >= "\(url)/hooks/telegram/4242/".count + 32)
            #expect(!hook.contains("JUDGE"))
            let update =
                #"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":1001,"type":"private"},"from":{"id":1001,"is_bot":false,"first_name":"A"},"text":"forged"}}"#
            func post(_ url: String, _ headers: HeaderList) async throws -> HTTPReply {
                try await world.tools.http.request(HTTPCall(.post, url, headers: headers, body: .json(update)))
            }
            let field = "X-Telegram-Bot-Api-Secret-Token"
            for given in [nil, "", "x", String(secret.dropLast()), secret + "x"] as [String?] {
                let reply = try await post(hook, given.map { [field: $0] } ?? [:])
                #expect(reply.status == 401)
                #expect(reply.body.isEmpty)
            }
            #expect(try await post("\(url)/hooks/telegram/4242/x", [field: secret]).status == 404)
            #expect(await inbox.items.isEmpty)
            #expect(try await post(hook, [field: secret]).status == 200)
            #expect(await inbox.events.map(\.content.text) == ["forged"])
            // What is no update would come again for ever.
            let odd = HTTPCall(.post, hook, headers: [field: secret], body: .json("[]"))
            #expect(try await world.tools.http.request(odd).status == 200)
        }
    }

    @Test func `a webhook that another program took is told and taken back`() async throws {
        let time = ManualTime()
        try await withWebhook(time: time) { world, adapter, _, _ in
            let api = TelegramAPI(http: world.tools.http, base: world.server.base, token: TelegramWorld.token)
            _ = try await api.call("setWebhook", ["url": "http://127.0.0.1:9/other"])
            try await time.waitForSleepers(2)
            time.advance(by: .seconds(61))
            try await world.server.control("wait", ["requests": ["name": "getWebhookInfo", "count": 2]])
            try await time.waitForSleepers(2)
            #expect(adapter.health.state == .disconnected)
            #expect(adapter.health.detail?.contains("another program took the webhook") == true)
            time.advance(by: .seconds(1))
            try await world.server.control("wait", ["requests": ["name": "getWebhookInfo", "count": 3]])
            try await time.waitForSleepers(2)
            #expect(adapter.health.state == .connected)
        }
    }
}

/// Keeps what is logged.
private final class LineCollector: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    func handler() -> any LogHandler { Handler(collector: self) }

    private struct Handler: LogHandler {
        let collector: LineCollector
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            collector.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
