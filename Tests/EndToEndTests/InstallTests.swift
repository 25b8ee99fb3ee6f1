import Foundation
import TestSupport
import Testing

/// README's commands in a fresh Debian, word for word; with the long tests of root, which install debootstrap.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["NANOCLAW_LONG"] != nil && getuid() == 0, "a long test of root's"),
    .timeLimit(.minutes(60))
)
struct InstallTests {
    @Test(arguments: ["bookworm", "trixie"], ["root", "plain"])
    func `T61 a fresh Debian comes to the first reply in five minutes beside the build, and failures say what to do`(
        suite: String,
        user: String
    ) async throws {
        let script = Release.checkout.appending(path: "Tests/Install/install.py").path
        let done = try await run(
            "/usr/bin/python3",
            [script, "--suite", suite, "--user", user, "--built", Release.checkout.path, "--failures"],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
        )
        #expect(done.status == 0, "\(done)")
        print(done.output)
        let said = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any] ?? [:]
        #expect(try #require(said["minutes"] as? Double, "\(done)") <= 5)
    }
}
