import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import TestSupport

@testable import ChannelDiscord

/// Discord as its judge plays it: a server with a text channel, and Alice's direct chat.
struct DiscordWorld: PlatformWorld {
    /// Heartbeats as Discord's own: a check that cuts pauses short must not send them faster than the gateway takes them.
    private static let room = JudgeRoom(.discord, arguments: ["--heartbeat", "41250"])
    private static let send: JSONValue = "POST /channels/:id/messages"

    let scene: DiscordScene

    var platform: any ChannelPlatform { scene.platform }
    var account: ChannelAccount { scene.account }
    var tools: ChannelTools { scene.tools }

    var direct: WorldChat {
        WorldChat(id: "dm:alice", platformID: scene.address("dm:alice").platformID, isGroup: false)
    }

    var group: WorldChat? { WorldChat(id: "group", platformID: scene.address("group").platformID, isGroup: true) }

    var exemptions: [ConformanceCheck: String] {
        [.secondPoller: "Discord lets two programs listen with one token and tells neither of the other"]
    }

    /// Runs the body in a fresh world; nobody else uses the judge meanwhile.
    static func run(_ body: @Sendable (DiscordWorld) async throws -> Void) async throws {
        try await room.use { judge in
            try await withTemporaryDirectory { folder in
                let scene = try await DiscordScene(judge, folder: folder, largest: 64 << 20)
                try await body(DiscordWorld(scene: scene))
                try await scene.expectNoProblems()
            }
        }
    }

    private static func name(_ person: Int) -> String { person == 0 ? "alice" : "bob" }

    func say(_ message: WorldSaid) async throws -> String {
        var body: [String: JSONValue] = ["user": .string(Self.name(message.person))]
        body["mention"] = message.mentionsAgent ? true : nil
        body["reply_to"] = message.replyTo.map(JSONValue.string)
        body["thread"] = message.thread.map(JSONValue.string)
        body["is_bot"] = message.isBot ? true : nil
        if !message.files.isEmpty {
            body["files"] = .array(
                message.files.map { ["name": .string($0.name), "base64": .string(Base64.encode($0.bytes))] }
            )
        }
        return try await scene.say(message.text, in: message.chat.id, body)
    }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {
        try await control("edit", chat, id, ["text": .string(text)])
    }

    func delete(_ id: String, in chat: WorldChat) async throws { try await control("delete", chat, id) }

    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {
        try await control("react", chat, id, ["emoji": .string(emoji), "action": isAdded ? "add" : "remove"])
    }

    func press(_ label: String, on id: String, in chat: WorldChat) async throws {
        try await control("click", chat, id, ["button": .string(label)])
    }

    func press(_ label: String, on id: String, in chat: WorldChat, person: Int) async throws -> Bool {
        try await control("click", chat, id, ["button": .string(label), "user": .string(Self.name(person))])
        return true
    }

    func wasTold(_ words: String) async throws -> Bool? {
        try await scene.requests("POST /webhooks/:id/:token").contains {
            $0[key: "body"]?[key: "content"]?.string == words && $0[key: "body"]?[key: "flags"] == 68
                && $0[key: "status"] == 200
        }
    }

    func openThread(in chat: WorldChat) async throws -> String? {
        try await scene.judge.control("thread", ["chat": .string(chat.id), "name": "Topic"])[key: "thread"]?.string
    }

    func nativeID(of person: Int) -> String? { scene.user(Self.name(person)) }

    func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool? {
        let message = try await scene.messages(chat.id).first { $0[key: "id"]?.string == id }
        // SUPPRESS_EMBEDS
        return (message?[key: "flags"]?.integer).map { $0 & 4 == 0 }
    }

    func workShown(in chat: WorldChat) async throws -> WorkShown? {
        try await scene.requests("POST /channels/:id/typing").isEmpty ? .nothing : .briefly
    }

    func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        try await scene.messages(chat.id).map { WorldMessage(told: $0) }
    }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        _ = try await scene.answers(count, in: chat.id)
    }

    func inject(_ fault: WorldFault) async throws {
        func request(_ mode: JSONValue, _ count: Int, _ more: [String: JSONValue] = [:]) -> JSONValue {
            .object(["mode": mode, "on": Self.send, "count": .integer(Int64(count))].merging(more) { $1 })
        }
        let body: JSONValue
        switch fault {
        case .tooMany(let count, let after): body = request("429", count, ["retry_after": .integer(Int64(after))])
        case .serverError(let count): body = request("5xx", count)
        case .lostAnswer(let count): body = request("lost", count)
        case .badFormatting(let count):
            body = request("error", count, ["status": 400, "code": 50035, "description": "Invalid Form Body"])
        case .duplicateEvent: body = ["mode": "duplicate", "on": "MESSAGE_CREATE"]
        case .reorder: body = ["mode": "reorder", "on": "MESSAGE_CREATE"]
        case .reconnectRequest: body = ["mode": "reconnect"]
        case .revoked: body = ["mode": "revoke"]
        case .secondPoller: throw Judge.Failure(description: "Discord lets two listeners be")
        case .dropMidEvent: return try await dropLinks()
        }
        try await scene.judge.control("fault", body)
    }

    func openLinks() async throws -> Int {
        Int(try await scene.judge.control("state")[key: "open"]?.integer ?? -1)
    }

    func dropLinks() async throws { try await scene.judge.control("kick") }

    func restore() async throws -> Bool {
        try await scene.judge.control("fault", ["mode": "restore"])
        return true
    }

    private func control(
        _ verb: String,
        _ chat: WorldChat,
        _ id: String,
        _ more: [String: JSONValue] = [:]
    ) async throws {
        let body = more.merging(["chat": .string(chat.id), "message": .string(id)]) { $1 }
        try await scene.judge.control(verb, .object(body))
    }
}
