import Foundation
import TestSupport
import Testing

/// How an account's values come to the host: by a pipe, and asked for at a terminal.
@Suite(.timeLimit(.minutes(5)))
struct ChannelPromptTests {
    private static let key = "a-bearer-key-of-this-test"

    private func kept(_ host: TestHost) throws -> [String: String] {
        let file = URL(filePath: "\(host.home)/data/credentials/channels/door")
        return try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
    }

    @Test func `a secret comes by standard input, and by no command line`() async throws {
        try await withHost { host in
            let words = ["channels", "add", "webhook", "--name", "door", "--set", "name=door", "--set", "auth=bearer"]
            let open = try await host.nanoclaw(words + ["--set", "key=\(Self.key)"])
            #expect(open.status == 64 && open.errors.contains("is a secret"), "\(open)")
            let two = try await host.nanoclaw(words + ["--secret", "key=-", "--secret", "reply-key=-"])
            #expect(two.status == 64 && two.errors.contains("only one secret"), "\(two)")
            #expect(try await host.rows("channels", "list").isEmpty)
            let piped = try await host.nanoclaw(words + ["--secret", "key=-"], input: "\(Self.key)\n")
            #expect(piped.status == 0, "\(piped)")
            #expect(!(piped.output + piped.errors).contains(Self.key))
            #expect(try kept(host)["key"] == Self.key)
        }
    }

    @Test func `at a terminal what is missing is asked for, and a secret is not shown`() async throws {
        try await withHost { host in
            let script = Release.checkout.appending(path: "Tests/Judges/terminal_prompt.py").path
            let answer = try await run("/usr/bin/python3", [script, Release.nanoclaw.path, host.home, Self.key])
            #expect(answer.status == 0 && !answer.output.contains("FAIL"), "\(answer)")
            #expect(try kept(host)["key"] == Self.key)
        }
    }
}
