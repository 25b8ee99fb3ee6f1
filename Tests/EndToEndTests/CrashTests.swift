import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CrashTests {
    /// The host pid of a session's PID 1, as `sessions get` shows it.
    private func sandboxPID(_ host: TestHost) async throws -> Int32? {
        try await host.rows("sessions", "list").compactMap { $0["pid"] as? Int }.first.map(Int32.init)
    }

    @Test func `T22 a runner killed in the middle of a turn is replaced and the message answered once`() async throws {
        try await withHost { host in
            _ = try await host.chat("hello")
            async let answer = host.nanoclaw(
                "chat",
                "-m",
                "run sleep 2.0625; echo answered-after-the-crash",
                "--timeout",
                "100"
            )
            try await eventually(within: 20, "the turn runs") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 2[.]0625$"]).status == 0
            }
            let pid = try #require(try await sandboxPID(host))
            kill(pid, SIGKILL)
            let finished = try await answer
            #expect(finished.status == 0, "\(finished)")
            #expect(
                finished.output.components(separatedBy: "answered-after-the-crash").count == 2,
                "\(finished.output)"
            )
        }
    }

    @Test func `a host killed with messages open leaves no process, and the next host answers them`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            chmod(path, 0o755)
            var left: [Int32] = []
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                let waiting = try Command(
                    Release.nanoclaw,
                    ["--home", home, "chat", "-m", "run sleep 1.0625; echo survived", "--timeout", "5"]
                )
                try await eventually(within: 20, "the turn runs") {
                    try await run("/usr/bin/pgrep", ["-f", "^sleep 1[.]0625$"]).status == 0
                }
                left = try await host.sandboxProcesses()
                #expect(!left.isEmpty)
                host.process.signal(SIGKILL)
                _ = await waiting.finished()
            }
            try await eventually(within: 5, "every process of the sandbox is gone") {
                left.allSatisfy { kill($0, 0) != 0 }
            }
            try await withHost(home: home) { host in
                try await eventually(within: 60, "the open message is answered") {
                    let history = try await host.nanoclaw("chat", "-m", "hello again")
                    _ = history
                    let answers = try await run(
                        "/usr/bin/sqlite3",
                        [
                            home + "/data/nanoclaw.db",
                            "select count(*) from cli_messages where direction='out' and content like '%survived%'",
                        ]
                    )
                    // Two are in order: killed between sending and recording, it goes out once more.
                    return answers.status == 0 && answers.output != "0\n"
                }
            }
        }
    }

    @Test func `a graceful stop leaves nothing running and the home ready for the next host`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            chmod(path, 0o755)
            var left: [Int32] = []
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                left = try await host.sandboxProcesses()
                #expect(left.count >= 2)
            }
            #expect(left.allSatisfy { kill($0, 0) != 0 })
            let status = try await run(Release.nanoclaw.path, ["--home", home, "status"])
            #expect(status.status == 2, "\(status)")
            #expect(status.errors.contains(home))
            try await withHost(home: home) { host in
                let reply = try await host.chat("run echo again")
                #expect(reply.contains("again"))
            }
        }
    }

    @Test func `T13 two homes run side by side and never touch each other`() async throws {
        try await withHost { first in
            try await withHost { second in
                _ = try await first.chat("hello")
                _ = try await second.chat("write here.txt second")
                #expect(!FileManager.default.fileExists(atPath: first.home + "/groups/main/here.txt"))
                let firstProcesses = try await first.sandboxProcesses()
                let secondProcesses = try await second.sandboxProcesses()
                #expect(Set(firstProcesses).isDisjoint(with: secondProcesses))
                second.process.signal(SIGTERM)
                _ = await second.process.finished()
                #expect(firstProcesses.allSatisfy { kill($0, 0) == 0 })
                #expect(try await first.chat("run echo still-here").contains("still-here"))
            }
        }
    }

    @Test func `a second host on the same home is refused and names the first`() async throws {
        try await withHost { host in
            let second = try await run(Release.nanoclaw.path, ["up", "--home", host.home])
            #expect(second.status != 0)
            #expect(second.errors.contains("\(host.process.pid)"), "\(second)")
            #expect(try await host.chat("run echo first-lives").contains("first-lives"))
        }
    }
}
