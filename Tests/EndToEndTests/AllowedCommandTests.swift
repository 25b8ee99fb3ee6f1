import Foundation
import TestSupport
import Testing

/// Shell commands that need somebody's word, in a real sandbox, by the verbs of docs/approvals.md.
@Suite(.timeLimit(.minutes(5)))
struct AllowedCommandTests {
    @Test func `T45 a command that does more than read runs once an admin has allowed it, and not before`() async throws
    {
        try await withHost { host in
            let set = try await host.nanoclaw("groups", "config", "update", "main", "--shell-policy", "ask")
            try #require(set.status == 0, "\(set)")
            #expect(try await host.chat("run echo seen | head -n 1").contains("seen"))

            let asked = try await host.chat("run mkdir made; echo once >> made/log")
            #expect(asked.contains("A person is asked"), "\(asked)")
            #expect(!FileManager.default.fileExists(atPath: "\(host.home)/groups/main/made"))
            let id = try #require(try await host.rows("approvals", "list").first?["id"] as? String)
            let shown = try await host.nanoclaw("approvals", "show", id)
            #expect(shown.output.contains("mkdir made; echo once >> made/log"), "\(shown)")
            #expect(try await host.nanoclaw("approvals", "approve", id, "--always").status == 0)
            try await eventually(within: 30, "it has run") { log(host) == "once\n" }
            let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
            try await eventually(within: 30, "its end is known") {
                try await host.rows("sessions", "history", session).contains {
                    ($0["text"] as? String)?.contains("The command was allowed.") == true
                }
            }
            // Exactly this one needs no other word now; another one does.
            let again = try await host.chat("run mkdir made; echo once >> made/log")
            #expect(again.contains("exist") && log(host) == "once\nonce\n", "\(again)")
            #expect(try await host.chat("run echo twice >> made/log; true").contains("A person is asked") == false)
            let other = try await host.chat("run mkdir other")
            #expect(other.contains("A person is asked"), "\(other)")
            let second = try #require(try await host.rows("approvals", "list").first?["id"] as? String)
            #expect(try await host.nanoclaw("approvals", "deny", second, "--reason", "not today").status == 0)
            try await eventually(within: 30, "the no is known") {
                try await host.rows("sessions", "history", session).contains {
                    ($0["text"] as? String)?.contains("not today") == true
                }
            }
            #expect(!FileManager.default.fileExists(atPath: "\(host.home)/groups/main/other"))
            let audit = try await host.nanoclaw("audit", "verify")
            #expect(audit.status == 0 && audit.output.contains("all as they were written"), "\(audit)")
            let events = try await host.rows("audit", "list").compactMap { $0["event"] as? String }
            #expect(
                Set(["asked", "approved", "grant", "executed", "granted", "denied", "command"]).isSubset(of: events),
                "\(events)"
            )
        }
    }

    private func log(_ host: TestHost) -> String? {
        try? String(contentsOfFile: "\(host.home)/groups/main/made/log", encoding: .utf8)
    }
}
