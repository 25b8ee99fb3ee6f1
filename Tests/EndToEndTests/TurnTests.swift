import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TurnTests {
    @Test func `T27 stop ends a running tool within five seconds and nothing but the acknowledgement follows`()
        async throws
    {
        try await withHost { host in
            _ = try await host.chat("hello")
            async let answer = host.nanoclaw("chat", "-m", "run sleep 300.0625; echo never", "--timeout", "60")
            try await eventually(within: 20, "the tool runs") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 300[.]0625$"]).status == 0
            }
            let start = ContinuousClock.now
            let stop = try await host.nanoclaw("chat", "-m", "/stop", "--timeout", "10")
            #expect(stop.status == 0, "\(stop)")
            #expect(ContinuousClock.now - start < .seconds(2))
            try await eventually(within: 5, "the tool is dead") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 300[.]0625$"]).status != 0
            }
            let finished = try await answer
            #expect(!finished.output.contains("never"))
            #expect(try await host.chat("run echo works-again").contains("works-again"))
        }
    }

    @Test func `T14 messages that arrive during a tool call are answered and cut nothing`() async throws {
        try await withHost { host in
            _ = try await host.chat("hello")
            async let first = host.nanoclaw("chat", "-m", "run sleep 3.0625; echo first-done")
            try await eventually(within: 20, "the tool runs") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 3[.]0625$"]).status == 0
            }
            async let second = host.nanoclaw("chat", "-m", "run echo second-done")
            async let third = host.nanoclaw("chat", "-m", "run echo third-done")
            async let fourth = host.nanoclaw("chat", "-m", "run echo fourth-done")
            let answers = try await [first, second, third, fourth]
            #expect(answers.allSatisfy { $0.status == 0 }, "\(answers)")
            let all = answers.map(\.output).joined()
            for word in ["first-done", "second-done", "third-done", "fourth-done"] {
                #expect(all.contains(word), "\(word) is missing in \(all)")
            }
        }
    }

    @Test func `clear forgets the conversation and says so`() async throws {
        try await withHost { host in
            _ = try await host.chat("hello")
            let cleared = try await host.nanoclaw("chat", "-m", "/clear")
            #expect(cleared.status == 0, "\(cleared)")
            #expect(!cleared.output.isEmpty)
        }
    }

    @Test func `a traced message shows its way with times`() async throws {
        try await withHost { host in
            let answer = try await host.nanoclaw("chat", "-m", "run echo traced", "--json")
            #expect(answer.status == 0, "\(answer)")
            let id = try #require(
                try await run(
                    "/usr/bin/sqlite3",
                    [
                        host.home + "/data/nanoclaw.db",
                        "select message_id from cli_messages where direction='in' order by position desc limit 1",
                    ]
                ).output.split(separator: "\n").first
            )
            let trace = try await host.nanoclaw("messages", "trace", String(id))
            #expect(trace.status == 0, "\(trace)")
            for stage in ["received", "routed", "claimed", "model", "shell", "delivered"] {
                #expect(trace.output.contains(stage), "\(stage) is missing: \(trace.output)")
            }
        }
    }
}
