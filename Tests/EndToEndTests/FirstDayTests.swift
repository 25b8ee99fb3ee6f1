import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

/// The way of docs/getting-started.md, its own blocks against a platform's judge: a bot is connected, its owner paired,
/// somebody let in, something done later, a question answered with a button, work stopped.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Judge.isOn))
struct FirstDayTests {
    /// What stands in the page to be typed.
    private static func blocks() throws -> [String] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/getting-started.md")
        let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        return stride(from: 1, to: parts.count, by: 2).map { index in
            String(parts[index].drop { $0 != "\n" }.dropFirst())
        }
    }

    /// Types a block of the page in a shell, in the folder that the page means.
    private func type(_ block: String, in host: TestHost, input: String? = nil) async throws -> String {
        let script = "set -e; export HOME=\(host.home) NANOCLAW_HOME=\(host.home); cd ~; \(block)"
        let done = try await run("/bin/bash", ["-c", script], input: input)
        #expect(done.status == 0, "\(block): \(done)")
        return done.output
    }

    @Test func `a day with Telegram goes as the page says`() async throws {
        let blocks = try Self.blocks()
        try #require(blocks.count == 5)
        try await JudgeServer.with(.telegram) { judge in
            let token = try #require(try await judge.control("world")[key: "token"]?.string)
            let people = PlatformPeople(judge)
            try await withHost { host in
                try FileManager.default.createSymbolicLink(
                    at: URL(filePath: host.home + "/bin"),
                    withDestinationURL: Release.nanoclaw.deletingLastPathComponent()
                )
                _ = try await type(blocks[0], in: host, input: token + "\n")
                // The judge in the platform's place is the one thing that the page does not say.
                let adding = blocks[1].replacing("add telegram", with: "add telegram --set api=\(judge.base)")
                let added = try await type(adding, in: host)
                #expect(added.contains("@judge_bot") && access(host.home + "/token", F_OK) != 0, "\(added)")
                let secrets = host.home + "/data/credentials/channels/telegram"
                let mode = try FileManager.default.attributesOfItem(atPath: secrets)[.posixPermissions] as? Int
                #expect(mode == 0o600)

                // The owner.
                let pairing = try await type(blocks[2], in: host)
                let link = try #require(
                    pairing.firstMatch(of: #/https://t\.me/judge_bot\?start=([\w-]+)/#),
                    "\(pairing)"
                )
                try await people.say("/start \(link.1)", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "owner")
                try await people.say("hello", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "No model is configured")

                // Somebody of the family knocks.
                try await people.say("help", in: "dm:bob", by: "bob")
                let card = try await people.waitForBot(in: "dm:alice", containing: "Bob")
                try await people.press("Connect to Main", on: card, in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:bob", containing: "Commands:")

                // Later; the page's day may be over.
                let soon = Date(timeIntervalSinceNow: 4).formatted(.iso8601)
                for line in blocks[3].split(separator: "\n") {
                    let words = String(line).replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d/#, with: soon)
                    try await people.say(words, in: "dm:alice", by: "alice")
                }
                try await eventually(within: 30, "the reminder comes") {
                    try await people.ofBot(in: "dm:alice").contains { message in
                        let text = message[key: "text"]?.string ?? ""
                        return text.contains("call Ann") && !text.contains("echo")
                    }
                }

                // A question, answered with a button; nobody else's press counts.
                try await people.say(blocks[4].trimmingCharacters(in: .newlines), in: "dm:alice", by: "alice")
                let question = try await people.waitForBot(in: "dm:alice", containing: "Tea or coffee?")
                try await people.press("tea", on: question, in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "tea")

                // Enough.
                try await people.say("run sleep 600", in: "dm:alice", by: "alice")
                try await eventually("the command runs") {
                    try await run("/bin/ps", ["-eo", "args"]).output.contains("sleep 600")
                }
                try await people.say("/stop", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "Stopped.")

                let status = try await host.rows("channels", "status")
                let telegram = try #require(status.first { $0["name"] as? String == "telegram" })
                #expect((telegram["health"] as? [String: Any])?["state"] as? String == "connected")
                for folder in ["data/nanoclaw.db", "data/nanoclaw.db-wal", "data/logs/nanoclaw.log", "data/traces.db"] {
                    let bytes = FileManager.default.contents(atPath: host.home + "/" + folder) ?? Data()
                    #expect(bytes.range(of: Data(token.utf8)) == nil, "the token stands in \(folder)")
                }
                let removed = try await host.nanoclaw("channels", "remove", "telegram")
                #expect(removed.status == 0 && !FileManager.default.fileExists(atPath: secrets), "\(removed)")
                let problems = try await judge.control("state")[key: "problems"]
                #expect(problems == .array([]) || problems == .integer(0), "\(String(describing: problems))")
            }
        }
    }
}
