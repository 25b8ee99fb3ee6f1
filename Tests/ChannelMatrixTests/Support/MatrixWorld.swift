import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import TestSupport

@testable import ChannelMatrix

/// Matrix as Synapse is it: Ann's room for two with the account, and a room of Ann, Bob and the account; faults come from a
/// proxy before the server.
struct MatrixWorld: PlatformWorld {
    let platform: any ChannelPlatform = MatrixPlatform()
    let bot: Account
    let people: [Person]
    let proxy: JudgeServer
    let direct: WorldChat
    let group: WorldChat?

    var account: ChannelAccount { bot.account }
    var tools: ChannelTools { bot.tools }

    var exemptions: [ConformanceCheck: String] {
        [
            .preview: "the clients of readers make previews; no event of a sender forbids it",
            .card: "there are no buttons", .press: "there are no buttons",
            .duplicate: "a homeserver repeats no event of a sync that was answered",
            .reordered: "a homeserver keeps the order of a room's events",
            .reconnectRequest: "no homeserver asks for it",
            .secondPoller: "any number of clients may sync with one token",
        ]
    }

    /// Runs the body in a fresh world in which the account has come into both rooms and has stopped again.
    static func run(
        isEncrypted: Bool = false,
        time: any TimeSource = SystemTime(),
        _ body: @Sendable (MatrixWorld) async throws -> Void
    ) async throws {
        let upstream = try await Homeserver.shared.base()
        try await JudgeServer.with(.matrix, script: "fault_proxy.py", arguments: ["--upstream", upstream]) { proxy in
            try await withTemporaryDirectory { folder in
                let bot = try await Account.make(in: folder, base: proxy.base, invites: "all", time: time)
                let people = try await Neighbours.shared.people(isEncrypting: isEncrypted)
                let direct = try await people[0].makeRoom(
                    "direct",
                    invite: [bot.id],
                    isDirect: true,
                    isEncrypted: isEncrypted
                )
                let group = try await people[0].makeRoom(
                    "group",
                    invite: [bot.id, people[1].id],
                    isEncrypted: isEncrypted
                )
                try await people[1].join(group)
                let inbox = RecordingInbox()
                try await bot.running(inbox) { _ in
                    for room in [direct, group] {
                        let platformID = MatrixID.address(of: room, account: bot.id).platformID
                        _ = try await inbox.change("the arrival") { $0.address.platformID == platformID }
                    }
                    // What was handed over is over once the poll after it waits.
                    try await eventually("a poll from the token that is kept") {
                        let kept = try await bot.tools.state.value(SyncLoop.tokenKey)
                        let polls = try await proxy.control("log", ["name": "GET /_matrix/client/v3/sync"])
                        let open = (polls[key: "entries"]?.array ?? []).last { $0[key: "status"] == nil }
                        return kept != nil && open?[key: "query"]?[key: "since"]?.string == kept
                    }
                }
                func chat(_ room: String, isGroup: Bool) -> WorldChat {
                    let platformID = MatrixID.address(of: room, account: bot.id).platformID
                    return WorldChat(id: room, platformID: platformID, isGroup: isGroup)
                }
                let world = MatrixWorld(
                    bot: bot,
                    people: people,
                    proxy: proxy,
                    direct: chat(direct, isGroup: false),
                    group: chat(group, isGroup: true)
                )
                try await body(world)
                for person in people {
                    let problems = try await person.judge.control("state")[key: "problems"]?.array ?? []
                    guard problems.isEmpty else {
                        throw Judge.Failure(description: "what no client accepts was sent: \(problems)")
                    }
                }
            }
        }
    }

    func say(_ message: WorldSaid) async throws -> String {
        let person = people[message.person]
        var more: [String: JSONValue] = [:]
        more["reply_to"] = message.replyTo.map(JSONValue.string)
        more["thread"] = message.thread.map(JSONValue.string)
        more["is_bot"] = message.isBot ? true : nil
        if message.mentionsAgent, message.thread == nil, message.replyTo == nil, message.files.isEmpty {
            // The judge's own mention is of one account, and these people talk to many.
            return try await person.send(
                [
                    "msgtype": message.isBot ? "m.notice" : "m.text", "body": .string(message.text),
                    "m.mentions": ["user_ids": [.string(bot.id)]],
                ],
                in: message.chat.id
            )
        }
        if !message.files.isEmpty {
            more["files"] = .array(
                message.files.map { ["name": .string($0.name), "base64": .string(Base64.encode($0.bytes))] }
            )
        }
        return try await person.say(message.text, in: message.chat.id, more)
    }

    func nativeID(of person: Int) -> String? { people[person].id }

    func openThread(in chat: WorldChat) async throws -> String? { try await people[0].say("a root", in: chat.id) }

    func wasTold(_ words: String) async throws -> Bool? {
        try await messages(in: direct).contains { $0.isAgents && $0.text.contains(words) }
    }

    func restore() async throws -> Bool {
        try await proxy.control("reset")
        return true
    }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {
        try await people[0].act("edit", in: chat.id, ["message": .string(id), "text": .string(text)])
    }

    func delete(_ id: String, in chat: WorldChat) async throws {
        try await people[0].act("delete", in: chat.id, ["message": .string(id)])
    }

    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {
        let action: JSONValue = isAdded ? "add" : "remove"
        if !isAdded {
            let reaction: JSONValue = ["chat": .string(chat.id), "message": .string(id), "emoji": .string(emoji)]
            try await people[0].judge.control("wait", ["reaction": reaction, "timeout": 30])
        }
        try await people[0].act(
            "react",
            in: chat.id,
            ["message": .string(id), "emoji": .string(emoji), "action": action]
        )
    }

    func press(_ label: String, on id: String, in chat: WorldChat) async throws {
        throw Judge.Failure(description: "Matrix has no buttons")
    }

    func workShown(in chat: WorldChat) async throws -> WorkShown? {
        let rooms = try await people[0].judge.control("state")[key: "typing"]?.object ?? [:]
        return rooms.values.contains { $0.array?.isEmpty == false } ? .lastingly : .nothing
    }

    func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        let shown = try await people[0].judge.control("messages", ["chat": .string(chat.id)])
        return (shown[key: "messages"]?.array ?? []).map { told in
            var message = WorldMessage(told: told, account: bot.name)
            // There are no buttons that could be links.
            message.links = nil
            return message
        }
    }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        _ = try await people[0].messages(count, from: bot.name, in: chat.id)
    }

    func inject(_ fault: WorldFault) async throws {
        let sends: JSONValue = "PUT /_matrix/client/v3/rooms/*/send/*"
        func refusal(_ status: Int, _ code: String, on: JSONValue, count: Int) -> JSONValue {
            [
                "mode": "error", "on": on, "count": .integer(Int64(count)), "status": .integer(Int64(status)),
                "code": .string(code),
            ]
        }
        let body: JSONValue =
            switch fault {
            case .tooMany(let count, let after):
                ["mode": "429", "on": sends, "count": .integer(Int64(count)), "retry_after": .integer(Int64(after))]
            case .serverError(let count): ["mode": "5xx", "on": sends, "count": .integer(Int64(count))]
            case .lostAnswer(let count): ["mode": "lost", "on": sends, "count": .integer(Int64(count))]
            case .badFormatting(let count): refusal(413, "M_TOO_LARGE", on: sends, count: count)
            case .dropMidEvent: ["mode": "lost", "on": "GET /_matrix/client/v3/sync"]
            case .revoked: refusal(401, "M_UNKNOWN_TOKEN", on: "* /_matrix/*", count: 10_000)
            case .duplicateEvent, .reorder, .reconnectRequest, .secondPoller:
                throw Judge.Failure(description: "no homeserver does that: \(fault)")
            }
        try await proxy.control("fault", body)
        // What is polling already was asked before the credentials ended.
        if fault == .revoked { try await proxy.control("kick") }
    }

    /// Polls that are open; other requests come and go.
    func openLinks() async throws -> Int {
        let log = try await proxy.control("log", ["name": "GET /_matrix/client/v3/sync"])
        return (log[key: "entries"]?.array ?? []).count { $0[key: "status"] == nil }
    }

    func dropLinks() async throws { try await proxy.control("kick") }
}

/// Ann and Bob of all worlds: one process each, whatever the number of accounts that they talk to.
private actor Neighbours {
    static let shared = Neighbours()

    private var known: [Bool: Task<[Person], any Error>] = [:]

    func people(isEncrypting: Bool) async throws -> [Person] {
        if let task = known[isEncrypting] { return try await task.value }
        let task = Task {
            var people: [Person] = []
            for name in ["ann", "bob"] {
                let user = try await Homeserver.shared.person(name)
                people.append(try await Person.start(user, bot: "nobody", isEncrypting: isEncrypting))
            }
            return people
        }
        known[isEncrypting] = task
        return try await task.value
    }
}
