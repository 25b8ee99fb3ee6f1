import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

/// What every platform must let people do with the real host, the real sandbox and the platform's judge: pair, let others in,
/// allow and deny, answer questions, be reminded, stop the agent, each by the platform's own means.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Judge.isOn))
struct EveryPlatformTests {
    @Test(arguments: WalkedPlatform.all)
    func `people pair, knock, decide and answer, and nobody decides who may not`(
        _ platform: WalkedPlatform
    ) async throws {
        try await PlatformWalk.with(platform) { walk in
            let host = walk.host
            let asking = try await host.nanoclaw("groups", "config", "update", "main", "--shell-policy", "ask")
            try #require(asking.status == 0, "\(asking)")
            let secrets = try await walk.add()

            try await walk.pair()

            try await question(walk)
            try await stranger(walk)
            try await allowed(walk)
            try await denied(walk)
            try await later(walk)
            try await stopped(walk)

            let audit = try await host.nanoclaw("audit", "verify")
            #expect(audit.status == 0, "\(audit)")
            try await walk.remove(secrets)
        }
    }

    /// A question stands where many see it; somebody whom the agent does not hear cannot answer it.
    private func question(_ walk: PlatformWalk) async throws {
        let (people, platform) = (walk.people, walk.platform)
        let chat = platform.hasGroups ? "group" : "dm:alice"
        if platform.hasGroups {
            try await platform.open(people, chat)
            try await people.say("help", in: chat, by: "alice", mention: true)
            let knock = try await walk.card("A group asks for an agent", in: "dm:alice")
            try await walk.answer(knock, "Connect to Main", in: "dm:alice", by: "alice")
            try await people.waitForBot(in: chat, containing: "Commands:")
        }
        try await people.say("ask Tea or coffee? | tea | coffee", in: chat, by: "alice", mention: platform.hasGroups)
        let question = try await walk.card("Tea or coffee?", in: chat)
        if platform.hasGroups {
            try await walk.fail(question, "tea", in: chat, by: "bob")
            if case .numbers = platform.answers {
                // A stranger's number is an ordinary message: a knock.
                let knock = try await walk.card("Somebody unknown writes to the agent", in: "dm:alice")
                try await walk.answer(knock, "Reject", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "Reject: decided by")
            }
        }
        try await walk.answer(question, "coffee", in: chat, by: "alice")
        let chosen = try await people.waitForBot(in: chat, containing: "chose \"")
        #expect(chosen[key: "text"]?.string?.contains("chose \"coffee\"") == true, "\(chosen)")
    }

    /// Somebody knocks and is let in.
    private func stranger(_ walk: PlatformWalk) async throws {
        let people = walk.people
        try await walk.platform.open(people, "dm:bob")
        try await people.say("help", in: "dm:bob", by: "bob")
        let knock = try await walk.card("Somebody writes to the bot", in: "dm:alice")
        #expect(try await people.ofBot(in: "dm:bob").isEmpty)
        try await walk.answer(knock, "Connect to Main", in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:bob", containing: "Commands:")
    }

    /// What a member's agent may not do alone is done once the owner says so, once, and not by the member's own word.
    private func allowed(_ walk: PlatformWalk) async throws {
        let people = walk.people
        try await people.say("run mkdir made; echo $((20000+22042)) | tee -a made/log", in: "dm:bob", by: "bob")
        try await people.waitForBot(in: "dm:bob", containing: "A person is asked")
        let card = try await walk.card("Run a shell command: mkdir made", in: "dm:alice")
        #expect(!FileManager.default.fileExists(atPath: walk.made))
        try await walk.fail(card, "Deny", in: walk.chat(ofAnswersBy: "bob"), by: "bob")
        try await walk.answer(card, "Allow once", in: "dm:alice", by: "alice")
        // A second press comes before the buttons have gone, or finds none.
        if case .buttons = walk.platform.answers {
            try? await walk.answer(card, "Allow once", in: "dm:alice", by: "alice")
        }
        try await people.waitForBot(in: "dm:alice", containing: "Allow once: decided by")
        try await eventually("it has run") { walk.log == "42042\n" }
        try await people.say("run cat made/log", in: "dm:bob", by: "bob")
        try await people.waitForBot(in: "dm:bob", containing: "42042")
        #expect(walk.log == "42042\n")
    }

    /// What the owner denies is not done, whatever the member presses before.
    private func denied(_ walk: PlatformWalk) async throws {
        let people = walk.people
        try await people.say("run mkdir other", in: "dm:bob", by: "bob")
        let card = try await walk.card("Run a shell command: mkdir other", in: "dm:alice")
        try await walk.fail(card, "Allow once", in: walk.chat(ofAnswersBy: "bob"), by: "bob")
        try await walk.answer(card, "Deny", in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:alice", containing: "Deny: decided by")
        // A turn after it shows that nothing of it is left to be done.
        try await people.say("run echo 31234", in: "dm:bob", by: "bob")
        try await people.waitForBot(in: "dm:bob", containing: "31234")
        #expect(!FileManager.default.fileExists(atPath: "\(walk.host.home)/groups/main/other"))
        #expect(walk.log == "42042\n")
        let ended = try await walk.host.rows("approvals", "list", "--all")
        let commands = ended.filter { $0["action"] as? String == "shell_command" }.compactMap {
            $0["status"] as? String
        }
        #expect(commands.sorted() == ["denied", "executed"], "\(ended)")
    }

    /// What is to be done later is done then, and told where it was asked for.
    private func later(_ walk: PlatformWalk) async throws {
        let people = walk.people
        let free = try await walk.host.nanoclaw("groups", "config", "update", "main", "--shell-policy", "allow")
        try #require(free.status == 0, "\(free)")
        let soon = Date(timeIntervalSinceNow: 3).formatted(.iso8601)
        try await people.say("at \(soon) run echo the kettle $((300+14))", in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:alice", containing: "the kettle 314", seconds: 60)
    }

    /// Work is stopped by whoever may speak to the agent there, and said so.
    private func stopped(_ walk: PlatformWalk) async throws {
        let people = walk.people
        func isRunning() async throws -> Bool {
            try await run("/bin/ps", ["-eo", "args"]).output.contains("sleep 604")
        }
        try await people.say("run sleep 604", in: "dm:alice", by: "alice")
        try await eventually("the command runs") { try await isRunning() }
        try await people.say("/stop", in: "dm:alice", by: "alice")
        try await people.waitForBot(in: "dm:alice", containing: "Stopped.")
        try await eventually("nothing of it is left") { try await !isRunning() }
    }
}

extension PlatformWalk {
    fileprivate var made: String { "\(host.home)/groups/main/made" }
    fileprivate var log: String? { try? String(contentsOfFile: "\(made)/log", encoding: .utf8) }

    /// Where somebody can try to answer a card of Alice's direct chat: a button has its chat, a number is written in one's own.
    fileprivate func chat(ofAnswersBy person: String) -> String {
        if case .buttons = platform.answers { "dm:alice" } else { "dm:\(person)" }
    }
}
