import Foundation
import Testing

/// Two agents with a real runner each, without a model: what one is told it does.
@Suite(.timeLimit(.minutes(5)))
struct AgentMailTests {
    private func rows(_ host: TestHost, _ query: String) async throws -> [String] {
        let answer = try await run("/usr/bin/sqlite3", ["-readonly", host.home + "/data/nanoclaw.db", query])
        #expect(answer.status == 0, "\(answer)")
        return answer.output.split(separator: "\n").map(String.init)
    }

    @Test func `an agent asks another one, whose answer comes back to the chat, and the two stop by themselves`()
        async throws
    {
        try await withHost { host in
            for words in [
                ["groups", "create", "Helper"],
                ["destinations", "add", "--group", "main", "--name", "helper", "--agent", "helper"],
                ["destinations", "add", "--group", "helper", "--name", "parent", "--agent", "main"],
            ] {
                let answer = try await host.nanoclaw(words)
                try #require(answer.status == 0, "\(words): \(answer)")
            }
            // The helper's answer is itself a command: the parent passes it on to the chat.
            let sent = try await host.chat("tell helper run echo tell cli from-the-helper")
            #expect(sent.contains("Sent as message"))
            try await eventually(within: 60, "the answer is in the chat") {
                try await rows(
                    host,
                    "SELECT content FROM cli_messages WHERE direction = 'out' AND content LIKE '%from-the-helper%'"
                ).count == 1
            }
            let sessions = try await host.rows("sessions", "list")
            #expect(Set(sessions.compactMap { $0["agent_group"] as? String }) == ["main", "helper"])
            // Neither has a model, and each answers the other's words: the limit ends it, and the owner is told once.
            try await eventually(within: 60, "the owner is told") {
                try await rows(
                    host,
                    "SELECT content FROM cli_messages WHERE content LIKE '%have answered each other 8 times%'"
                ).count == 1
            }
            #expect(try await rows(host, "SELECT max(hops) FROM agent_messages") == ["8"])
        }
    }
}
