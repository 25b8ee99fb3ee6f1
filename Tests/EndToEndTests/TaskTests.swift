import Foundation
import TestSupport
import Testing

/// Tasks with real runners, without a model.
@Suite(.timeLimit(.minutes(5)))
struct TaskTests {
    @Test func `T15 what an agent schedules arrives in its chat when it is due, told before in its zone and in UTC`()
        async throws
    {
        try await withHost { host in
            let due = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 10).rounded(.up))
            let time = due.formatted(.iso8601)
            let set = try await host.nanoclaw("groups", "config", "update", "main", "--time-zone", "Asia/Tokyo")
            #expect(set.status == 0, "\(set)")
            let answer = try await host.chat("at \(time) run echo it-has-arrived")
            #expect(answer.contains("Scheduled task tk_") && answer.contains("+09:00 (\(time))"), "\(answer)")
            let task = try #require(try await host.rows("tasks", "list").first)
            #expect(task["zone"] as? String == "Asia/Tokyo")
            #expect(task["next_utc"] as? String == time)
            let id = try #require(task["id"] as? String)
            let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
            try await eventually(within: 60, "it has arrived") {
                try await host.rows("sessions", "history", session).contains {
                    // The request that schedules it stands there too, as a row of kind system.
                    $0["direction"] as? String == "out" && $0["kind"] as? String == "chat"
                        && ($0["text"] as? String)?.contains("it-has-arrived") == true
                        && ($0["text"] as? String)?.contains("Scheduled") == false
                }
            }
            #expect(Date() >= due)
            try await eventually("its end is listed") {
                try await host.rows("tasks", "history", id).map { $0["state"] as? String } == ["completed"]
            }
            #expect(try await host.rows("tasks", "list").isEmpty)
            #expect(try await host.rows("tasks", "list", "--all").map { $0["state"] as? String } == ["done"])
        }
    }

    @Test func `T19 a run under which the host is killed is listed as interrupted and not begun again`() async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            mkdir(home, 0o755)
            let marker = home + "/groups/main/begun"
            try await withHost(home: home) { host in
                let made = try await host.nanoclaw(
                    "tasks",
                    "create",
                    "run echo x >> begun; sleep 300.0831",
                    "--group",
                    "main",
                    "--chat",
                    "cli",
                    "--every",
                    "1d",
                    "--name",
                    "long"
                )
                #expect(made.status == 0 && made.output.contains("next"), "\(made)")
                let status = try await host.nanoclaw("status")
                #expect(status.output.contains("tasks      1, the next "), "\(status)")
                #expect(try await host.nanoclaw("tasks", "run", "long").status == 0)
                try await eventually(within: 30, "it runs") {
                    try await run("/usr/bin/pgrep", ["-f", "^sleep 300[.]0831$"]).status == 0
                }
                host.process.signal(SIGKILL)
                _ = await host.process.finished()
            }
            try await withHost(home: home) { host in
                try await eventually(within: 30, "it is listed") {
                    try await host.rows("tasks", "history", "long").map { $0["state"] as? String } == ["interrupted"]
                }
                // A turn after it in the same session shows that nothing of it is left to be done.
                #expect(try await host.chat("run echo still-here").contains("still-here"))
                #expect(try await run("/usr/bin/pgrep", ["-f", "^sleep 300[.]0831$"]).status != 0)
                #expect(try String(contentsOfFile: marker, encoding: .utf8) == "x\n")
                #expect(try await host.rows("tasks", "list").map { $0["state"] as? String } == ["active"])
            }
        }
    }

    @Test func `T65 a script that finds nothing to do ends its run without a word`() async throws {
        try await withHost { host in
            let made = try await host.nanoclaw(
                "tasks",
                "create",
                "say something",
                "--group",
                "main",
                "--chat",
                "cli",
                "--every",
                "1d",
                "--name",
                "check",
                "--fresh",
                "--script",
                #"echo '{"wakeAgent": false}'"#
            )
            #expect(made.status == 0, "\(made)")
            #expect(try await host.nanoclaw("tasks", "run", "check").status == 0)
            try await eventually(within: 60, "it has ended") {
                try await host.rows("tasks", "history", "check").map { $0["state"] as? String } == ["quiet"]
            }
            let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
            let said = try await host.rows("sessions", "history", session).filter {
                $0["direction"] as? String == "out"
            }
            #expect(said.isEmpty)
        }
    }
}
