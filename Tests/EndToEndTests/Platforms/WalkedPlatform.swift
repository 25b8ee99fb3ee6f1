import Core
import JudgeSupport
import TestSupport
import Testing

/// A platform as ``EveryPlatformTests`` walks through it: its judge, an account's values, and how people answer there.
struct WalkedPlatform: Sendable, CustomTestStringConvertible {
    /// How a person answers a card.
    enum Answers: Sendable {
        /// By a button; `told` are the words that were shown to people who pressed, to nobody else.
        case buttons(told: @Sendable (JudgeServer) async throws -> [String])
        /// By a message that is the number, with the card's code where the card wants it.
        case numbers
    }

    /// What `channels add` is given.
    struct Account: Sendable {
        var settings: [String: String] = [:]
        var secrets: [String: String]
    }

    /// As `channels add` knows it.
    let name: String
    let judge: JudgeServer.Name
    var arguments: [String] = []
    let answers: Answers
    /// Several people and the bot have a chat there.
    var hasGroups = true
    /// It shows a message with the same key once.
    var hasKeys = false
    var account: @Sendable (JudgeServer) async throws -> Account
    /// What is to be set at the platform once the account is there; the address is that of the host's hooks.
    var added: @Sendable (JudgeServer, _ hooks: String) async throws -> Void = { _, _ in }
    /// Who plays the people.
    var people: @Sendable (JudgeServer) async throws -> PlatformPeople = { PlatformPeople($0) }
    /// Makes a chat that is not there from the beginning, and returns once the bot is in it.
    var open: @Sendable (PlatformPeople, _ chat: String) async throws -> Void = { _, _ in }

    var testDescription: String { name }

    static let all = [telegram, discord, slack, matrix, email]
}

extension WalkedPlatform {
    static let telegram = WalkedPlatform(
        name: "telegram",
        judge: .telegram,
        answers: .buttons { judge in
            (try await judge.control("state")[key: "clicks"]?.array ?? []).compactMap { $0[key: "text"]?.string }
        },
        account: { judge in
            Account(settings: ["api": judge.base], secrets: ["token": try await text("token", of: judge)])
        }
    )

    static let discord = WalkedPlatform(
        name: "discord",
        judge: .discord,
        answers: .buttons { judge in
            try await bodies("POST /webhooks/:id/:token", of: judge).filter { $0[key: "flags"] == 68 }
                .compactMap { $0[key: "content"]?.string }
        },
        hasKeys: true,
        account: { judge in
            Account(
                settings: ["api": try await text("api", of: judge)],
                secrets: ["token": try await text("token", of: judge)]
            )
        }
    )

    static let slack = WalkedPlatform(
        name: "slack",
        judge: .slack,
        answers: .buttons { judge in
            try await bodies("response_url", of: judge).filter { $0[key: "response_type"] == "ephemeral" }
                .compactMap { $0[key: "text"]?.string }
        },
        account: { judge in
            Account(
                settings: ["api": "\(judge.base)/api"],
                secrets: [
                    "token": try await text("token", of: judge), "app-token": try await text("app_token", of: judge),
                ]
            )
        }
    )

    static let matrix = WalkedPlatform(
        name: "matrix",
        judge: .matrix,
        arguments: ["bot", "alice", "bob"].flatMap { ["--user", "\($0):\(password)"] },
        answers: .numbers,
        hasKeys: true,
        account: { judge in
            Account(settings: ["homeserver": judge.base, "user": "bot"], secrets: ["password": password])
        },
        people: { try await matrixPeople($0) },
        open: { people, chat in
            let owner = people.judge(of: chat == "dm:bob" ? "bob" : "alice")
            let room = try await owner.control(
                "room",
                [
                    "name": .string(chat), "dm": .bool(chat != "group"),
                    "invite": chat == "group" ? ["@bot:localhost", "@bob:localhost"] : ["@bot:localhost"],
                ]
            )
            let id = try #require(room[key: "chat"])
            if chat == "group" {
                try await people.judge(of: "bob").control("membership", ["chat": id, "action": "join"])
                try await people.judge(of: "bob").control("name", ["name": "group", "chat": id])
            }
            try await bot(comesInto: id, chat, seenBy: owner)
        }
    )

    static let email = WalkedPlatform(
        name: "email",
        judge: .mail,
        arguments: ["--user", "\(mailbox):\(password)"],
        answers: .numbers,
        hasGroups: false,
        account: { judge in
            func server(_ name: String) -> String {
                let word = judge.announcement.first { $0.hasPrefix("\(name)=") } ?? ""
                return "127.0.0.1:\(word.dropFirst(name.count + 1))/plain"
            }
            return Account(
                settings: [
                    "address": mailbox, "imap": server("imap"), "smtp": server("smtp"),
                    "authserv-id": "judge.example",
                ],
                secrets: ["password": password]
            )
        },
        people: { PlatformPeople($0, mailbox: mailbox) }
    )

    /// Alice and Bob, each with a client of their own.
    static func matrixPeople(_ judge: JudgeServer, _ options: String...) async throws -> PlatformPeople {
        var people: [String: JudgeServer] = [:]
        for name in ["alice", "bob"] {
            let arguments = ["--homeserver", judge.base, "--user", name, "--password", password] + options
            people[name] = try await JudgeServer.start(.matrix, script: "matrix_user.py", arguments: arguments)
        }
        return PlatformPeople(judge, own: people)
    }

    /// Returns once the bot is in a Matrix room.
    static func bot(comesInto room: JSONValue, _ chat: String, seenBy person: JudgeServer) async throws {
        try await eventually("the bot has come into \(chat)") {
            try await person.control("log", ["name": "m.room.member"])[key: "entries"]?.array?.contains {
                $0[key: "room"] == room && $0[key: "sender"] == "@bot:localhost"
                    && $0[key: "body"]?[key: "membership"] == "join"
            } == true
        }
    }

    private static let mailbox = "bot@example.org"

    /// Of no judge's own data, so that it can be looked for.
    private static let password = "only-in-this-suite-7Q2x9"

    private static func text(_ key: String, of judge: JudgeServer) async throws -> String {
        try #require(try await judge.control("world")[key: key]?.string)
    }

    private static func bodies(_ name: String, of judge: JudgeServer) async throws -> [JSONValue] {
        (try await judge.control("log", ["name": .string(name)])[key: "entries"]?.array ?? [])
            .filter { $0[key: "status"] == 200 }.compactMap { $0[key: "body"] }
    }
}
