import Foundation
import TestSupport
import Testing

/// Cards in the chat of the machine's own people, answered with numbers.
@Suite(.timeLimit(.minutes(5)))
struct TerminalAnswerTests {
    @Test func `at the terminal numbers allow, deny with a reason, and answer a question`() async throws {
        try await withHost { host in
            let asking = try await host.nanoclaw("groups", "config", "update", "main", "--shell-policy", "ask")
            try #require(asking.status == 0, "\(asking)")
            let log = "\(host.home)/groups/main/made/log"

            #expect(try await host.chat("run mkdir made; echo once >> made/log").contains("A person is asked"))
            try await answer("1", to: "mkdir made", host)
            try await eventually("it has run") { (try? String(contentsOfFile: log, encoding: .utf8)) == "once\n" }

            #expect(try await host.chat("run mkdir other").contains("A person is asked"))
            try await answer("3: not today", to: "mkdir other", host)
            try await eventually("it is denied") {
                try await host.rows("approvals", "list", "--all").contains {
                    $0["status"] as? String == "denied" && $0["note"] as? String == "not today"
                }
            }

            let question = try Command(
                Release.nanoclaw,
                ["--home", host.home, "chat", "-m", "ask Tea or coffee? | tea | coffee", "--timeout", "60"]
            )
            try await answer("2", to: "Tea or coffee?", host)
            let chosen = await question.finished()
            #expect(chosen.status == 0 && chosen.output.contains("chose \"coffee\""), "\(chosen)")

            #expect(try await host.chat("run echo still-here").contains("still-here"))
            #expect(!FileManager.default.fileExists(atPath: "\(host.home)/groups/main/other"))
            #expect(try String(contentsOfFile: log, encoding: .utf8) == "once\n")
        }
    }

    /// Writes a number once the card that contains a text is open.
    private func answer(_ number: String, to text: String, _ host: TestHost) async throws {
        _ = try await host.openCard(on: "cli", containing: text)
        let taken = try await host.nanoclaw("chat", "-m", number)
        #expect(taken.status == 0, "\(taken)")
    }
}
