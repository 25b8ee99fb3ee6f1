import ChannelNetwork
import Core
import JudgeSupport
import TestSupport

@testable import ChannelMatrix

/// Somebody else in the rooms, by matrix-nio in a process of its own.
struct Person: Sendable {
    let name: String
    let judge: JudgeServer

    var id: String { "@\(name):localhost" }

    /// Logs in with a device of its own.
    static func start(
        _ name: String,
        bot: String,
        device: String = "PHONE",
        isEncrypting: Bool = false,
        homeserver: String? = nil
    ) async throws -> Person {
        let base: String
        if let homeserver { base = homeserver } else { base = try await Homeserver.shared.base() }
        var arguments = ["--homeserver", base, "--user", name, "--password", "pw", "--bot", bot, "--device", device]
        if isEncrypting { arguments.append("--e2ee") }
        return Person(
            name: name,
            judge: try await JudgeServer.start(.matrix, script: "matrix_user.py", arguments: arguments)
        )
    }

    func makeRoom(
        _ name: String,
        invite: [String],
        isDirect: Bool = false,
        isEncrypted: Bool = false
    ) async throws -> String {
        let reply = try await judge.control(
            "room",
            [
                "name": .string(name), "invite": .array(invite.map { .string($0) }), "dm": .bool(isDirect),
                "encrypted": .bool(isEncrypted),
            ]
        )
        return try text(reply, "chat")
    }

    @discardableResult
    func say(_ text: String, in room: String, _ more: [String: JSONValue] = [:]) async throws -> String {
        let fields: [String: JSONValue] = ["chat": .string(room), "text": .string(text)]
        return try self.text(try await judge.control("say", .object(fields.merging(more) { $1 })), "id")
    }

    @discardableResult
    func send(_ content: JSONValue, type: String = "m.room.message", in room: String) async throws -> String {
        try text(
            try await judge.control("send", ["chat": .string(room), "type": .string(type), "content": content]),
            "id"
        )
    }

    func act(_ verb: String, in room: String, _ fields: [String: JSONValue]) async throws {
        try await judge.control(verb, .object(fields.merging(["chat": .string(room)]) { $1 }))
    }

    /// Waits until this person sees so many messages of somebody in a room, and answers with them.
    func messages(
        _ count: Int,
        from: String,
        in room: String,
        contains: String? = nil
    ) async throws -> [JSONValue] {
        var wait: [String: JSONValue] = [
            "chat": .string(room), "count": .integer(Int64(count)), "from": .string(from),
        ]
        if let contains { wait["contains"] = .string(contains) }
        try await judge.control("wait", ["messages": .object(wait), "timeout": 40])
        let all = try await judge.control("messages", ["chat": .string(room)])[key: "messages"]?.array ?? []
        return all.filter { $0[key: "from"]?.string == from }
    }

    /// The API in this person's name, by a session of its own.
    func client() async throws -> MatrixClient {
        let base = try await Homeserver.shared.base()
        let http = try HTTPPool()
        let token = try await MatrixClient(base: base, token: "", http: http, time: SystemTime())
            .login(user: name, password: "pw", deviceName: "test")
        return MatrixClient(base: base, token: token, http: http, time: SystemTime())
    }

    /// The person has come into a room.
    func join(_ room: String) async throws {
        try await judge.control("membership", ["chat": .string(room), "action": "join"])
    }

    private func text(_ reply: JSONValue, _ key: String) throws -> String {
        guard let text = reply[key: key]?.string else {
            throw Judge.Failure(description: "the judge tells no \(key): \(reply)")
        }
        return text
    }
}
