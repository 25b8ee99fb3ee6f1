import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelSlack

/// Slack as its judge plays it: Alice's direct messages with the bot, and a channel in which the bot is.
struct SlackWorld: PlatformWorld {
    private static let room = JudgeRoom(.slack)
    static let team = "T0JUDGE001"
    static let secret = "judge-signing-secret"

    let server: JudgeServer
    let listener: WebhookListener
    let tools: ChannelTools
    private(set) var account: ChannelAccount
    let platform: any ChannelPlatform = SlackPlatform()
    let direct = WorldChat(id: "dm:alice", platformID: "slack:\(team):D0ALICE001", isGroup: false)
    let group: WorldChat? = WorldChat(id: "group", platformID: "slack:\(team):C0GROUP001", isGroup: true)
    let alice = "\(team):U0ALICE001"
    /// The socket is cut with the next thing that is said.
    private let cutsNext = SlackWorldFlag()

    var exemptions: [ConformanceCheck: String] {
        [.secondPoller: "an app may have several sockets, and each event goes to one of them"]
    }

    /// Runs the body in a fresh world; nobody else uses the judge meanwhile.
    static func run(
        _ values: [String: String] = [:],
        largest: Int = 64 << 20,
        _ body: @Sendable (SlackWorld) async throws -> Void
    ) async throws {
        try await room.use { server in
            try await withTemporaryDirectory { folder in
                let world = try SlackWorld(server, folder, values, largest)
                try await body(world)
                let state = try await server.control("state")
                guard state[key: "problems"]?.array?.isEmpty == true else {
                    throw Judge.Failure(description: "what Slack does not accept was sent: \(try state.text())")
                }
            }
        }
    }

    private init(_ server: JudgeServer, _ folder: String, _ values: [String: String], _ largest: Int) throws {
        let silent = Logger(label: "slack") { _ in SwiftLogNoOpLogHandler() }
        self.server = server
        listener = WebhookListener(WebhookOptions(port: 0), logger: silent)
        tools = ChannelTools(
            http: try HTTPPool(),
            webhooks: listener,
            sockets: try WebSocketClient(),
            state: MemoryChannelState(),
            media: MediaFolder(path: folder, largest: largest),
            folder: folder,
            time: SystemTime(),
            logger: silent
        )
        account = ChannelAccount(
            name: "slack",
            identity: ChannelIdentity(account: Self.team, title: "@bot in Judge"),
            values: ChannelValues(Self.values(server).merging(values) { $1 })
        )
    }

    /// The values of the judge's app.
    static func values(_ server: JudgeServer) -> [String: String] {
        [
            "token": "xoxb-judge-token", "app-token": "xapp-judge-token", "signing-secret": secret,
            "api": "\(server.base)/api", "mode": "socket",
        ]
    }

    func adapter() throws -> SlackAdapter { try #require(try platform.adapter(account, tools) as? SlackAdapter) }

    /// Runs the body while an adapter runs.
    func withRunning(
        _ inbox: any ChannelInbox,
        _ body: @Sendable (SlackAdapter) async throws -> Void
    ) async throws {
        let adapter = try adapter()
        let running = Task { try await adapter.run(inbox) }
        do {
            if account.values["mode"] == "socket" { try await server.control("wait", ["open": 1]) }
            try await body(adapter)
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    /// Runs the body while the host's listener runs; it is given the listener's address.
    func withListener(_ body: @Sendable (String) async throws -> Void) async throws {
        let listening = Task { try await listener.run() }
        // The listener begins with its first path.
        try listener.add("started") { _ in WebhookResponse(status: 200) }
        let port = try await listener.port
        do {
            try await body("http://127.0.0.1:\(port)/hooks")
        } catch {
            listening.cancel()
            _ = await listening.result
            throw error
        }
        listening.cancel()
        _ = await listening.result
    }

    // MARK: - The world

    func say(_ message: WorldSaid) async throws -> String {
        var body: [String: JSONValue] = ["chat": .string(message.chat.id)]
        // As Slack's client sends what people type.
        if !message.text.isEmpty { body["text"] = .string(SlackText.escaped(message.text)) }
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
        let id = try await server.control("say", .object(body))[key: "id"]?.string ?? ""
        if cutsNext.take() { try await dropLinks() }
        return id
    }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {
        try await server.control(
            "edit",
            ["chat": .string(chat.id), "message": .string(id), "text": .string(SlackText.escaped(text))]
        )
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
        try await log("response_url").contains {
            $0[key: "body"]?[key: "response_type"] == "ephemeral" && $0[key: "body"]?[key: "text"]?.string == words
        }
    }

    func nativeID(of person: Int) -> String? { person == 0 ? alice : "\(Self.team):U0BOB00001" }

    func openThread(in chat: WorldChat) async throws -> String? {
        try await say(WorldSaid("a thread begins", in: chat))
    }

    func restore() async throws -> Bool {
        try await server.control("fault", ["mode": "restore"])
        return true
    }

    /// Slack makes previews when a message is posted; `chat.update` has no say in it.
    func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool? {
        let fields = try await log("chat.postMessage").last?[key: "body"]
        return fields?[key: "unfurl_links"] != "false" || fields?[key: "unfurl_media"] != "false"
    }

    func workShown(in chat: WorldChat) async throws -> WorkShown? {
        let emoji = try await messages(in: chat).flatMap(\.reactions)
        return emoji.contains("⏳") ? .lastingly : .nothing
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
        if fault == .dropMidEvent { return cutsNext.raise() }
        let send: JSONValue = "chat.postMessage"
        let body: JSONValue =
            switch fault {
            case .tooMany(let count, let after):
                ["mode": "429", "on": send, "count": .integer(Int64(count)), "retry_after": .integer(Int64(after))]
            case .serverError(let count): ["mode": "5xx", "on": send, "count": .integer(Int64(count))]
            case .lostAnswer(let count): ["mode": "lost", "on": send, "count": .integer(Int64(count))]
            case .badFormatting(let count):
                ["mode": "error", "on": send, "count": .integer(Int64(count)), "code": "invalid_blocks"]
            case .duplicateEvent: ["mode": "duplicate"]
            case .reorder: ["mode": "reorder"]
            case .reconnectRequest: ["mode": "reconnect", "reason": "refresh_requested"]
            case .revoked: ["mode": "revoke"]
            case .dropMidEvent, .secondPoller: throw Judge.Failure(description: "Slack has no such fault: \(fault)")
            }
        try await server.control("fault", body)
    }

    func openLinks() async throws -> Int { Int(try await server.control("state")[key: "open"]?.integer ?? -1) }

    func dropLinks() async throws { try await server.control("kick") }

    /// The entries of the judge's log by name, or all.
    func log(_ name: String? = nil) async throws -> [JSONValue] {
        let body: JSONValue = name.map { ["name": .string($0)] } ?? [:]
        return try await server.control("log", body)[key: "entries"]?.array ?? []
    }

    /// Returns once the judge has so many entries of this name.
    func waitForLog(_ name: String, _ count: Int) async throws {
        try await server.control(
            "wait",
            ["requests": ["name": .string(name), "count": .integer(Int64(count))], "timeout": 40]
        )
    }

    /// Returns once so many sockets are open.
    func waitForLinks(_ count: Int) async throws {
        try await server.control("wait", ["open": .integer(Int64(count)), "timeout": 40])
    }
}

/// Says once that something is to be done.
private final class SlackWorldFlag: Sendable {
    private let isRaised = Mutex(false)

    func raise() { isRaised.withLock { $0 = true } }

    func take() -> Bool {
        isRaised.withLock { isRaised in
            defer { isRaised = false }
            return isRaised
        }
    }
}
