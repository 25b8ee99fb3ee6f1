import Foundation
import TestSupport
import Testing

/// A session that nobody has written to for its days, with a real runner before and after.
@Suite(.timeLimit(.minutes(2)))
struct ReopenedSessionTests {
    @Test func `T68 the model that answers in a session that was opened again sees what was said before`() async throws
    {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            mkdir(home, 0o755)
            try "idleSeconds: 1\n".write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            try await withHost(home: home) { host in
                _ = try await host.chat("run echo one")
                try await eventually(within: 30, "the session is at rest") {
                    try await host.sql("data/nanoclaw.db", "SELECT 1 FROM dirty").isEmpty
                }
            }
            let change = "UPDATE sessions SET last_active = 1, retention_due_at = 0"
            let aged = try await run("/usr/bin/sqlite3", ["\(home)/data/nanoclaw.db", change])
            #expect(aged.status == 0, "\(aged)")
            try await withHost(home: home) { host in
                try await eventually(within: 30, "the session is closed") {
                    try await host.rows("sessions", "list").map { $0["status"] as? String } == ["closed"]
                }
                let before = try await host.rows("sessions", "list").first?["id"] as? String
                #expect(try await host.chat("run echo two").contains("two"))
                let sessions = try await host.rows("sessions", "list")
                #expect(sessions.count == 1 && sessions.first?["id"] as? String == before)
                #expect(sessions.first?["status"] as? String == "active")
            }
            // The offline provider numbers a call by those that its request shows: without the first it would be the first.
            let script = "cat '\(home)'/data/sessions/*/*/state/transcripts/*"
            let transcripts = try await run("/bin/sh", ["-c", script])
            #expect(
                transcripts.output.contains("offline_1") && transcripts.output.contains("offline_2"),
                "\(transcripts)"
            )
        }
    }
}
