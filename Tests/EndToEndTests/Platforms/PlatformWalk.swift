import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

/// A host with an account on a platform, and the people there.
struct PlatformWalk: Sendable {
    let platform: WalkedPlatform
    let judge: JudgeServer
    let people: PlatformPeople
    let host: TestHost

    /// What somebody is told who may not answer.
    private static let refusal = "You may not answer this."

    /// Runs the body with a judge, its people and a host on a fresh home; nothing may have been sent that the platform would
    /// not accept.
    static func with(_ platform: WalkedPlatform, _ body: (PlatformWalk) async throws -> Void) async throws {
        try await JudgeServer.with(platform.judge, arguments: platform.arguments) { judge in
            let people = try await platform.people(judge)
            try await withHost { host in
                let walk = PlatformWalk(platform: platform, judge: judge, people: people, host: host)
                do {
                    try await body(walk)
                } catch {
                    Issue.record("\(platform.name) ended here: \(error)\n\(try await walk.story())")
                }
            }
            #expect(try await people.problems() == [])
        }
    }

    /// What the bot has written where, and what the host warned of: why a walk ended.
    func story() async throws -> String {
        var lines: [String] = []
        for chat in ["dm:alice", "group", "dm:bob"] {
            // A chat that was not reached yet is none.
            for message in (try? await people.ofBot(in: chat)) ?? [] { lines.append("\(chat): \(text(message))") }
        }
        let log = try String(contentsOfFile: "\(host.home)/data/logs/nanoclaw.log", encoding: .utf8)
        return (lines + log.split(separator: "\n").suffix(40).map(String.init)).joined(separator: "\n")
    }

    // MARK: - The account

    /// Adds the account and returns once it hears the platform; answers with all its secrets.
    func add() async throws -> [String] {
        let account = try await platform.account(judge)
        var words = ["channels", "add", platform.name]
        for (key, value) in account.settings { words += ["--set", "\(key)=\(value)"] }
        for (key, value) in account.secrets {
            let file = "\(host.home)/secret-\(key)"
            try value.write(toFile: file, atomically: true, encoding: .utf8)
            words += ["--secret", "\(key)=\(file)"]
        }
        let added = try await host.nanoclaw(words)
        try #require(added.status == 0, "\(added)")
        for key in account.secrets.keys { try FileManager.default.removeItem(atPath: "\(host.home)/secret-\(key)") }
        try await eventually("\(platform.name) is connected") {
            try await host.rows("channels", "status").contains { row in
                row["name"] as? String == platform.name
                    && (row["health"] as? [String: Any])?["state"] as? String == "connected"
            }
        }
        // A login makes others than those that were given.
        let kept = try JSONValue(parsing: try String(contentsOfFile: credentials, encoding: .utf8))
        let made = (kept.object ?? [:]).values.compactMap(\.string)
        // What is as short as "yes" says how an account was made, and stands anywhere.
        return Array(account.secrets.values) + made.filter { $0.utf8.count > 8 }
    }

    /// Alice becomes the owner, and is answered.
    func pair() async throws {
        let pairing = try await host.nanoclaw("channels", "pair", platform.name, "--json")
        let code = try #require(try JSONValue(parsing: pairing.output)[key: "code"]?.string, "\(pairing)")
        try await platform.open(people, "dm:alice")
        try await people.say(code, in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:alice", containing: "owner")
        try await people.say("hello", in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:alice", containing: "No model is configured")
    }

    /// Removes the account; nothing of the home may hold any of its secrets then.
    func remove(_ secrets: [String]) async throws {
        let removed = try await host.nanoclaw("channels", "remove", platform.name)
        #expect(removed.status == 0 && !FileManager.default.fileExists(atPath: credentials), "\(removed)")
        #expect(try await host.rows("channels", "list").contains { $0["name"] as? String == platform.name } == false)
        let files = FileManager.default.enumerator(atPath: host.home)?.allObjects as? [String] ?? []
        #expect(files.contains("data/nanoclaw.db") && files.contains { $0.hasPrefix("data/logs/") })
        for file in files {
            guard let bytes = FileManager.default.contents(atPath: "\(host.home)/\(file)") else { continue }
            for secret in secrets where bytes.range(of: Data(secret.utf8)) != nil {
                Issue.record("a secret of \(platform.name) stands in \(file)")
            }
        }
    }

    private var credentials: String { "\(host.home)/data/credentials/channels/\(platform.name)" }

    // MARK: - Cards

    /// A card in a chat, once it is there with its answers.
    func card(_ title: String, in chat: String) async throws -> JSONValue {
        try await people.waitForBot(in: chat, containing: title)
        var found: JSONValue?
        try await eventually("the answers of \"\(title)\" in \(chat)") {
            let all = try await people.ofBot(in: chat)
            // Of a long card the last part has them.
            let first = all.lastIndex { text($0).contains(title) } ?? all.endIndex
            found = all[first...].first { message in
                switch platform.answers {
                case .buttons: message[key: "buttons"]?.array?.isEmpty == false
                case .numbers: message[key: "buttons"] == [] && text(message).contains("Answer with")
                }
            }
            return found != nil
        }
        if case .numbers = platform.answers { _ = try await host.openCard(on: platform.name, containing: title) }
        return try #require(found)
    }

    /// Somebody answers a card.
    func answer(_ card: JSONValue, _ label: String, in chat: String, by person: String) async throws {
        switch platform.answers {
        case .buttons: try await people.press(label, on: card, in: chat, by: person)
        case .numbers: try await people.say(try number(of: label, on: card), in: chat, by: person)
        }
    }

    /// Somebody who may not answer tries to, where the platform lets them: whoever presses is told so, to themselves.
    ///
    /// A number is an ordinary message then. That it changes nothing shows in what the next answer does.
    func fail(_ card: JSONValue, _ label: String, in chat: String, by person: String) async throws {
        guard case .buttons(let told) = platform.answers else {
            return try await people.say(try number(of: label, on: card), in: chat, by: person)
        }
        let before = try await told(judge).count
        try await people.press(label, on: card, in: chat, by: person)
        try await eventually("\(person) is told so") { try await told(judge).count > before }
        #expect(try await told(judge).last == Self.refusal)
    }

    func text(_ message: JSONValue) -> String { message[key: "text"]?.string ?? "" }

    /// What a person writes to choose an answer: its number, and the card's code where a number alone counts for nothing.
    private func number(of label: String, on card: JSONValue) throws -> String {
        let lines = text(card).split(whereSeparator: \.isNewline)
        let line = try #require(lines.last { $0.hasSuffix(". \(label)") }, "\(text(card))")
        let number = line.prefix { $0 != "." }
        let coded = "Answer with \"1 "
        guard let hint = text(card).ranges(of: coded).last else { return String(number) }
        return "\(number) \(text(card)[hint.upperBound...].prefix(2))"
    }
}
