import Foundation
import TestSupport
import Testing

/// The doctor beside a real home.
@Suite(.timeLimit(.minutes(3)))
struct DoctorHostTests {
    private static func tree(_ home: String) async throws -> String {
        // SQLite's shared memory is a cache, and the log is the host's.
        try await run(
            "/bin/sh",
            [
                "-c",
                "cd '\(home)' && find . ! -name '*-shm' ! -name '*-wal' ! -name '*.log' -printf '%p %y %m %U %G %s\\n' "
                    + "| grep -v '^\\. ' | sort",
            ]
        ).output
    }

    @Test func `T64 the doctor says nothing of a healthy home, host up or down, and changes nothing`() async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            func look(_ state: String) async throws {
                let answer = try await run(Release.nanoclaw.path, ["doctor", "--home", home])
                #expect(answer.status == 0, "\(state): \(answer)")
                if getuid() == 0 { #expect(answer.output.isEmpty, "\(state): \(answer)") }
            }
            let new = try await Self.tree(home)
            try await look("new")
            #expect(try await Self.tree(home) == new)
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                try await look("up")
            }
            let before = try await Self.tree(home)
            try await look("down")
            #expect(try await Self.tree(home) == before)
        }
    }

    @Test func `T64 JSON holds every check and no path of the home`() async throws {
        try await withHost { host in
            let answer = try await host.nanoclaw("doctor", "--json")
            let findings = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [[String: Any]] ?? []
            #expect(findings.count > 8, "\(answer)")
            #expect(!answer.output.contains(host.home), "\(answer)")
            #expect(findings.allSatisfy { $0["level"] is String && $0["check"] is String })
        }
    }

    @Test func `T58 without root the doctor names the class of the sandbox`() async throws {
        guard getuid() == 0 else { return }
        try await withHost(user: 65_534) { host in
            _ = try await host.chat("hello")
            let answer = try await host.nanoclaw("doctor")
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.contains("class C") || answer.output.contains("class B"), "\(answer)")
            #expect(answer.output.contains("nanoclaw service install"), "\(answer)")
        }
    }
}
