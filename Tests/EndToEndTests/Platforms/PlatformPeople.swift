import Core
import JudgeSupport
import TestSupport
import Testing

/// What people write, press and see in a platform's chats, by the control planes of its judges.
///
/// Chats are `dm:<person>` and `group`, people `alice`, `bob`, whatever the platform calls them.
struct PlatformPeople: Sendable {
    private let server: JudgeServer
    private let own: [String: JudgeServer]
    private let mailbox: String?

    /// `own` are judges that play one person each; `server` plays everybody else.
    ///
    /// With `mailbox`, the bot's address, people write mails: what is said goes there, and a chat is what came back to its
    /// person's own address.
    init(_ server: JudgeServer, own: [String: JudgeServer] = [:], mailbox: String? = nil) {
        self.server = server
        self.own = own
        self.mailbox = mailbox
    }

    private static func address(of person: some StringProtocol) -> String { "\(person)@example.net" }

    /// The judge that plays a person.
    func judge(of person: String) -> JudgeServer { own[person] ?? server }

    /// The judge in which a chat is looked at: its person's, and for a group Alice's.
    private func judge(showing chat: String) -> JudgeServer {
        judge(of: chat.hasPrefix("dm:") ? String(chat.dropFirst("dm:".count)) : "alice")
    }

    /// A person writes; with `mention` they address the bot in the platform's own way.
    ///
    /// `files` are sent with it, contents by name.
    func say(
        _ text: String,
        in chat: String,
        by person: String,
        mention: Bool = false,
        files: [String: String] = [:]
    ) async throws {
        var body: [String: JSONValue] = ["chat": .string(mailbox ?? chat), "text": .string(text)]
        if !files.isEmpty {
            body["files"] = .array(files.map { ["name": .string($0.key), "text": .string($0.value)] })
        }
        // A judge of one person takes no other's name.
        if own[person] == nil { body["user"] = .string(mailbox == nil ? person : Self.address(of: person)) }
        if mention { body["mention"] = true }
        // A subject of its own would stand above the text.
        if mailbox != nil { body["subject"] = "" }
        try await judge(of: person).control("say", .object(body))
    }

    /// A person presses the button with this label.
    func press(_ label: String, on message: JSONValue, in chat: String, by person: String) async throws {
        try await judge(of: person).control(
            "click",
            [
                "chat": .string(chat), "message": try #require(message[key: "id"]), "button": .string(label),
                "user": .string(person),
            ]
        )
    }

    /// What the judge calls a chat that people look at.
    private func place(_ chat: String) -> JSONValue {
        .string(mailbox == nil ? chat : Self.address(of: chat.dropFirst("dm:".count)))
    }

    /// All that the bot has written into a chat and that stands there now, oldest first.
    func ofBot(in chat: String) async throws -> [JSONValue] {
        let shown = try await judge(showing: chat).control("messages", ["chat": place(chat)])
        return (shown[key: "messages"]?.array ?? []).filter { $0[key: "is_self"] == true }
    }

    /// The bot's newest message in a chat that contains a text, once there is one.
    @discardableResult
    func waitForBot(in chat: String, containing text: String, seconds: Int = 30) async throws -> JSONValue {
        try await judge(showing: chat).control(
            "wait",
            [
                "messages": ["chat": place(chat), "from": "bot", "contains": .string(text)],
                "timeout": .integer(Int64(seconds)),
            ]
        )
        return try #require(try await ofBot(in: chat).last { $0[key: "text"]?.string?.contains(text) == true })
    }

    /// Returns once a message of the bot that is no draft contains a text.
    func waitForFinished(in chat: String, containing text: String) async throws {
        try await waitForBot(in: chat, containing: text)
        try await eventually(within: 30, "\(text) stands in \(chat)") {
            try await ofBot(in: chat).compactMap { $0[key: "text"]?.string }.contains {
                $0.contains(text) && !$0.hasSuffix(" …")
            }
        }
    }

    /// What was sent that the platform would not accept.
    func problems() async throws -> [JSONValue] {
        var all: [JSONValue] = []
        for judge in own.isEmpty ? [server] : Array(own.values) {
            all += try await judge.control("state")[key: "problems"]?.array ?? [.string("it tells none")]
        }
        return all
    }
}
