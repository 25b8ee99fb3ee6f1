import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import Logging
import TestSupport
import Testing

@testable import ChannelTelegram

/// Telegram as its judge plays it: Alice's chat with the bot, and a forum in which the bot is administrator.
struct TelegramWorld: PlatformWorld {
    private static let room = JudgeRoom(.telegram)
    static let token = "4242:JUDGE-TOKEN"

    let server: JudgeServer
    let listener: WebhookListener
    private(set) var tools: ChannelTools
    private(set) var account: ChannelAccount
    let platform: any ChannelPlatform = TelegramPlatform()
    let direct = WorldChat(id: "dm:alice", platformID: "telegram:4242:1001", isGroup: false)
    /// A forum: there the bot sees all that is written, also outside of topics.
    let group: WorldChat? = WorldChat(id: "forum", platformID: "telegram:4242:-1001000000002", isGroup: true)
    /// A group in which the bot is an ordinary member, with privacy mode on.
    let plain = WorldChat(id: "group", platformID: "telegram:4242:-1001000000001", isGroup: true)
    /// The topic that the forum has.
    let topic = "7"

    var exemptions: [ConformanceCheck: String] {
        [
            .delete: "the Bot API tells bots of no deletion",
            .otherBot: "bots are not shown what other bots write",
            .reconnectRequest: "there is no gateway that asks for it",
        ]
    }

    /// Runs the body in a fresh world; nobody else uses the judge meanwhile.
    ///
    /// `values` are the account's beside its token and server.
    static func run(
        _ values: [String: String] = [:],
        largest: Int = 64 << 20,
        time: any TimeSource = SystemTime(),
        logger: Logger? = nil,
        _ body: @Sendable (TelegramWorld) async throws -> Void
    ) async throws {
        try await room.use { server in
            try await withTemporaryDirectory { folder in
                let world = try TelegramWorld(server, folder, values, largest, time, logger)
                try await body(world)
                let state = try await server.control("state")
                guard state[key: "problems"]?.array?.isEmpty == true else {
                    throw Judge.Failure(description: "what no Telegram accepts was sent: \(try state.text())")
                }
            }
        }
    }

    private init(
        _ server: JudgeServer,
        _ folder: String,
        _ values: [String: String],
        _ largest: Int,
        _ time: any TimeSource,
        _ logger: Logger?
    ) throws {
        var silent = Logger(label: "telegram") { _ in SwiftLogNoOpLogHandler() }
        if let logger { silent = logger }
        self.server = server
        listener = WebhookListener(WebhookOptions(port: 0), logger: silent)
        tools = ChannelTools(
            http: try HTTPPool(),
            webhooks: listener,
            sockets: try WebSocketClient(),
            state: MemoryChannelState(),
            media: MediaFolder(path: folder, largest: largest),
            folder: folder,
            time: time,
            logger: silent
        )
        account = Self.account(server, values)
    }

    private static func account(_ server: JudgeServer, _ values: [String: String]) -> ChannelAccount {
        ChannelAccount(
            name: "telegram",
            identity: ChannelIdentity(account: "4242", title: "@judge_bot"),
            values: ChannelValues(["token": token, "api": server.base].merging(values) { $1 })
        )
    }

    /// The same world with a webhook at this address.
    func withWebhook(at url: String) -> TelegramWorld {
        var world = self
        world.account = Self.account(server, ["mode": "webhook"])
        world.tools.publicURL = url
        return world
    }

    func adapter() throws -> TelegramChannel {
        try #require(try platform.adapter(account, tools) as? TelegramChannel)
    }

    /// Runs the body while an adapter runs that has been heard.
    func withRunning(
        _ inbox: any ChannelInbox,
        _ body: @Sendable (TelegramChannel) async throws -> Void
    ) async throws {
        let adapter = try adapter()
        let before = try await server.control("state")[key: "ever"]?.integer ?? 0
        let running = Task { try await adapter.run(inbox) }
        do {
            // The first poll only looks whether the link stands; the second one waits.
            try await server.control("wait", ["ever": .integer(before + 2)])
            try await server.control("wait", ["open": 1])
            try await body(adapter)
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    // MARK: - The world

    func say(_ message: WorldSaid) async throws -> String {
        var body: [String: JSONValue] = ["chat": .string(message.chat.id)]
        if !message.text.isEmpty { body["text"] = .string(message.text) }
        body["user"] = message.person == 0 ? "alice" : "bob"
        body["mention"] = message.mentionsAgent ? true : nil
        body["reply_to"] = message.replyTo.map(JSONValue.string)
        body["thread"] = message.thread.map(JSONValue.string)
        body["is_bot"] = message.isBot ? true : nil
        if !message.files.isEmpty {
            body["files"] = .array(
                message.files.map { ["name": .string($0.name), "base64": .string(Base64.encode($0.bytes))] }
            )
        }
        return try await server.control("say", .object(body))[key: "id"]?.string ?? ""
    }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {
        try await server.control("edit", ["chat": .string(chat.id), "message": .string(id), "text": .string(text)])
    }

    func delete(_ id: String, in chat: WorldChat) async throws {
        try await server.control("delete", ["chat": .string(chat.id), "message": .string(id)])
    }

    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {
        let action: JSONValue = isAdded ? "add" : "remove"
        try await server.control(
            "react",
            ["chat": .string(chat.id), "message": .string(id), "emoji": .string(emoji), "action": action]
        )
    }

    func press(_ label: String, on id: String, in chat: WorldChat) async throws {
        _ = try await press(label, on: id, in: chat, person: 0)
    }

    func press(_ label: String, on id: String, in chat: WorldChat, person: Int) async throws -> Bool {
        let user: JSONValue = person == 0 ? "alice" : "bob"
        try await server.control(
            "click",
            ["chat": .string(chat.id), "message": .string(id), "button": .string(label), "user": user]
        )
        return true
    }

    func wasTold(_ words: String) async throws -> Bool? {
        let clicks = try await server.control("state")[key: "clicks"]?.array ?? []
        return clicks.contains { $0[key: "text"]?.string == words }
    }

    func nativeID(of person: Int) -> String? { person == 0 ? "1001" : "1002" }

    func openThread(in chat: WorldChat) async throws -> String? { chat == group ? topic : nil }

    func restore() async throws -> Bool {
        try await server.control("fault", ["mode": "restore"])
        return true
    }

    func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool? {
        let calls = try await requests("sendMessage") + requests("editMessageText")
        let options = calls.last?[key: "body"]?[key: "link_preview_options"]
        return options?[key: "is_disabled"] != .bool(true)
    }

    func workShown(in chat: WorldChat) async throws -> WorkShown? {
        let actions = try await requests("sendChatAction").compactMap { $0[key: "body"]?[key: "chat_id"] }
        return actions.isEmpty ? .nothing : .briefly
    }

    func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        try await shown(chat).map { WorldMessage(told: $0) }
    }

    /// The messages of a chat with all that the judge says of them.
    func shown(_ chat: WorldChat) async throws -> [JSONValue] {
        try await server.control("messages", ["chat": .string(chat.id)])[key: "messages"]?.array ?? []
    }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        let messages: JSONValue = ["chat": .string(chat.id), "count": .integer(Int64(count)), "from": "bot"]
        try await server.control("wait", ["messages": messages, "timeout": 30])
    }

    func inject(_ fault: WorldFault) async throws {
        let send: JSONValue = "sendMessage"
        let body: JSONValue =
            switch fault {
            case .tooMany(let count, let after):
                ["mode": "429", "on": send, "count": .integer(Int64(count)), "retry_after": .integer(Int64(after))]
            case .serverError(let count): ["mode": "5xx", "on": send, "count": .integer(Int64(count))]
            case .lostAnswer(let count): ["mode": "lost", "on": send, "count": .integer(Int64(count))]
            case .badFormatting(let count):
                [
                    "mode": "error", "on": send, "count": .integer(Int64(count)), "status": 400,
                    "description": "Bad Request: can't parse entities: Character '.' is reserved",
                ]
            case .duplicateEvent: ["mode": "duplicate"]
            case .reorder: ["mode": "reorder"]
            case .dropMidEvent: ["mode": "lost", "on": "getUpdates"]
            case .revoked: ["mode": "revoke"]
            case .secondPoller: ["mode": "conflict"]
            case .reconnectRequest: throw Judge.Failure(description: "Telegram asks nobody to connect anew")
            }
        try await server.control("fault", body)
    }

    func openLinks() async throws -> Int { Int(try await server.control("state")[key: "open"]?.integer ?? -1) }

    func dropLinks() async throws { try await server.control("kick") }

    /// The requests of a method so far, or all.
    func requests(_ method: String? = nil) async throws -> [JSONValue] {
        let body: JSONValue = method.map { ["name": .string($0)] } ?? [:]
        return try await server.control("log", body)[key: "entries"]?.array ?? []
    }
}
