import Foundation
import TestSupport
import Testing

/// The interactive chat through a pseudo-terminal.
@Suite(.timeLimit(.minutes(5)))
struct ChatTerminalTests {
    @Test func `a conversation at a terminal edits, streams, stops and leaves the terminal as it was`() async throws {
        try await withHost { host in
            let script = Release.checkout.appending(path: "Tests/Judges/terminal_chat.py").path
            let answer = try await run("/usr/bin/python3", [script, Release.nanoclaw.path, host.home])
            #expect(answer.status == 0, "\(answer)")
            #expect(!answer.output.contains("FAIL"), "\(answer)")
        }
    }

    @Test func `a conversation at a terminal outlives the host and goes on with the next one`() async throws {
        try await withTemporaryDirectory { home in
            let script = Release.checkout.appending(path: "Tests/Judges/terminal_restart.py").path
            let answer = try await run("/usr/bin/python3", [script, Release.nanoclaw.path, home])
            #expect(answer.status == 0, "\(answer)")
            #expect(!answer.output.contains("FAIL"), "\(answer)")
        }
    }
}
