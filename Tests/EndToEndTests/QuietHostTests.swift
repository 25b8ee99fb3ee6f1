import Foundation
import TestSupport
import Testing

/// What a host with nothing configured sends: nothing.
@Suite(.timeLimit(.minutes(2)))
struct QuietHostTests {
    @Test func `a host with nothing configured opens no connection to anywhere and resolves no name`() async throws {
        guard getuid() == 0, FileManager.default.isExecutableFile(atPath: "/usr/sbin/ip") else {
            print("skipped: root and iproute2 are needed for a network namespace")
            return
        }
        try await withTemporaryDirectory { path in
            let script = Release.checkout.appending(path: "Tests/Judges/quiet.py").path
            let done = try await run("/usr/bin/unshare", ["-n", "python3", script, Release.nanoclaw.path, path])
            #expect(done.status == 0, "\(done)")
            let result = try #require(
                try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any]
            )
            // The recorder hears a connection and a question for a name.
            let control = result["control"] as? [[Any]] ?? []
            #expect(control.contains { $0[1] as? String == "198.51.100.7" && $0[3] as? Int == 443 }, "\(control)")
            #expect(control.contains { $0[1] as? String == "198.51.100.8" && $0[3] as? Int == 53 }, "\(control)")
            #expect(control.contains { $0[1] as? String == "2001:db8:1::9" && $0[3] as? Int == 53 }, "\(control)")
            #expect((result["answer"] as? String ?? "").contains("quiet"), "\(result)")
            let packets = result["packets"] as? [[Any]] ?? [["none"]]
            // Looking whether an Ollama runs stays on this machine: a SYN to its port, and the refusal.
            let strange = packets.filter { packet in
                let isProbe =
                    packet[0] as? String == "lo" && packet[1] as? String == "127.0.0.1"
                    && (packet[2] as? Int == 11434 || packet[3] as? Int == 11434)
                return !isProbe
            }
            #expect(strange.isEmpty, "\(strange)")
        }
    }
}
