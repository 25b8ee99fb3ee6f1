import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

/// The way of docs/getting-started.md, against a platform's judge: a bot is connected, its owner paired, somebody let
/// in, something done later, a question answered with a button, work stopped.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Judge.isOn))
struct FirstDayTests {
    @Test func `a day with Telegram goes as the page says`() async throws {
        try await JudgeServer.with(.telegram) { judge in
            let token = try #require(try await judge.control("world")[key: "token"]?.string)
            let people = PlatformPeople(judge)
            try await withHost { host in
                let file = host.home + "/token"
                try token.write(toFile: file, atomically: true, encoding: .utf8)
                let added = try await host.nanoclaw(
                    "channels",
                    "add",
                    "telegram",
                    "--secret",
                    "token=\(file)",
                    "--set",
                    "api=\(judge.base)"
                )
                #expect(added.status == 0 && added.output.contains("@judge_bot"), "\(added)")
                let secrets = host.home + "/data/credentials/channels/telegram"
                let mode = try FileManager.default.attributesOfItem(atPath: secrets)[.posixPermissions] as? Int
                #expect(mode == 0o600)

                // The owner.
                let pairing = try await host.nanoclaw("channels", "pair", "telegram", "--json")
                let code = try #require(try JSONValue(parsing: pairing.output)[key: "code"]?.string)
                #expect(pairing.output.contains("https://t.me/judge_bot?start="), "\(pairing.output)")
                try await people.say("/start \(code)", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "owner")
                try await people.say("hello", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "No model is configured")

                // Somebody of the family knocks.
                try await people.say("help", in: "dm:bob", by: "bob")
                let card = try await people.waitForBot(in: "dm:alice", containing: "Bob")
                try await people.press("Connect to Main", on: card, in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:bob", containing: "Commands:")

                // Later.
                let soon = Date(timeIntervalSinceNow: 4).formatted(.iso8601)
                try await people.say("at \(soon) run echo the kettle $((300+14))", in: "dm:alice", by: "alice")
                try await people.waitForBot(in: "dm:alice", containing: "the kettle 314", seconds: 30)

                // A question, answered with a button; nobody else's press counts.
                try await people.say("ask Tea or coffee? | tea | coffee", in: "dm:alice", by: "alice")
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
