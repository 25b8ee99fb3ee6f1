import ChannelKit
import ChannelNetwork
import Core
import Foundation
import JudgeSupport
import Logging
import TestSupport

@testable import ChannelDiscord

/// A bot of ours at the Discord judge, with the host's side recorded.
final class DiscordScene: Sendable {
    static let room = JudgeRoom(.discord, arguments: ["--heartbeat", "1000"])

    let judge: JudgeServer
    let world: JSONValue
    let tools: ChannelTools
    let platform = DiscordPlatform()
    let account: ChannelAccount
    let inbox = RecordingInbox()

    /// `state` is what an earlier adapter has kept.
    init(
        _ judge: JudgeServer,
        folder: String,
        largest: Int = 1 << 20,
        state: any ChannelState = MemoryChannelState()
    ) async throws {
        self.judge = judge
        world = try await judge.control("world")
        let media = folder + "/media"
        try FileManager.default.createDirectory(atPath: media, withIntermediateDirectories: true)
        var logger = Logger(label: "discord")
        logger.logLevel = .critical
        tools = ChannelTools(
            http: try HTTPPool(),
            webhooks: WebhookListener(WebhookOptions(port: 0), logger: logger),
            sockets: try WebSocketClient(),
            state: state,
            media: MediaFolder(path: media, largest: largest),
            folder: folder,
            time: SystemTime(),
            logger: logger
        )
        let values = ChannelValues([
            "token": world[key: "token"]?.string ?? "", "api": world[key: "api"]?.string ?? "",
        ])
        account = ChannelAccount(
            name: "discord",
            identity: try await platform.identify(values, tools),
            values: values
        )
    }

    /// Runs the body with a scene at a judge that nobody else uses; what the judge calls a problem is a failure.
    static func with(
        largest: Int = 1 << 20,
        _ body: @Sendable (DiscordScene) async throws -> Void
    ) async throws {
        try await room.use { judge in
            try await withTemporaryDirectory { folder in
                let scene = try await DiscordScene(judge, folder: folder, largest: largest)
                try await body(scene)
                try await scene.expectNoProblems()
            }
        }
    }

    /// Throws when something was sent that no Discord takes.
    func expectNoProblems() async throws {
        let problems = try await judge.control("state")[key: "problems"]?.array ?? []
        guard problems.isEmpty else { throw Judge.Failure(description: "problems: \(problems)") }
    }

    func adapter() throws -> any ChannelAdapter { try platform.adapter(account, tools) }

    /// Runs the body while an adapter holds its connection; ends with the adapter.
    func running(_ body: (any ChannelAdapter) async throws -> Void) async throws {
        let adapter = try adapter()
        let run = Task { try await adapter.run(inbox) }
        do {
            // GUILD_CREATE is the second event: what follows is heard.
            try await judge.control("wait", ["requests": ["name": "IDENTIFY"]])
            try await connected(adapter)
            try await body(adapter)
        } catch {
            run.cancel()
            _ = await run.result
            throw error
        }
        run.cancel()
        _ = await run.result
        try await judge.control("wait", ["open": 0])
    }

    /// Returns once the adapter hears its platform; throws after ten seconds.
    func connected(_ adapter: any ChannelAdapter) async throws {
        for _ in 0..<500 {
            if adapter.health.state == .connected { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Judge.Failure(description: "not connected: \(adapter.health)")
    }

    // MARK: - The other side

    var bot: String { world[key: "bot"]?[key: "id"]?.string ?? "" }
    var guild: String { world[key: "guild"]?.string ?? "" }

    func user(_ name: String) -> String { world[key: "users"]?[key: name]?[key: "id"]?.string ?? "" }

    func channel(_ name: String) -> String { world[key: "chats"]?[key: name]?[key: "id"]?.string ?? "" }

    func address(_ name: String, thread: String? = nil) -> ChatAddress {
        DiscordAddress(guild: name.hasPrefix("dm:") ? nil : guild, channel: channel(name), thread: thread)
            .chat(account: account.identity.account)
    }

    /// A person writes; answers with the id of the message.
    @discardableResult
    func say(_ text: String, in chat: String = "group", _ more: [String: JSONValue] = [:]) async throws -> String {
        let fields = more.merging(["chat": .string(chat), "text": .string(text)]) { $1 }
        return try await judge.control("say", .object(fields))[key: "id"]?.string ?? ""
    }

    func messages(_ chat: String = "group") async throws -> [JSONValue] {
        try await judge.control("messages", ["chat": .string(chat)])[key: "messages"]?.array ?? []
    }

    /// Messages of the bot once there are so many.
    func answers(_ count: Int, in chat: String = "group") async throws -> [JSONValue] {
        let waited = try await judge.control(
            "wait",
            ["messages": ["chat": .string(chat), "from": "bot", "count": .integer(Int64(count))]]
        )
        return waited[key: "found"]?.array ?? []
    }

    /// The requests of a name, in order.
    func requests(_ name: String) async throws -> [JSONValue] {
        try await judge.control("log", ["name": .string(name)])[key: "entries"]?.array ?? []
    }

    func message(
        _ body: OutboundMessage.Body,
        to address: ChatAddress,
        key: String = MessageID.random().rawValue,
        quotes: String? = nil
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: key,
            address: address,
            body: body,
            agentName: "Agent",
            quotes: quotes,
            turn: .random()
        )
    }

    /// Sends a text to the group, or elsewhere.
    @discardableResult
    func send(
        _ text: String,
        by adapter: any ChannelAdapter,
        to address: ChatAddress? = nil,
        key: String = MessageID.random().rawValue
    ) async throws -> SentMessage {
        try await adapter.deliver(message(.text(text, files: []), to: address ?? self.address("group"), key: key))
    }
}
