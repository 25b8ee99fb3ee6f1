import Foundation
import TestSupport
import Testing

/// What a host with nothing configured sends: nothing.
@Suite(.timeLimit(.minutes(4)))
struct QuietHostTests {
    /// The long tests listen over a sweep, which is once a minute.
    private static let seconds = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1" ? "75" : "3"

    @Test func `a host with nothing configured opens no connection to anywhere and resolves no name`() async throws {
        guard getuid() == 0, FileManager.default.isExecutableFile(atPath: "/usr/sbin/ip") else {
            print("skipped: root and iproute2 are needed for a network namespace")
            return
        }
        try await withTemporaryDirectory { path in
            let script = Release.checkout.appending(path: "Tests/Judges/quiet.py").path
            let done = try await run(
                "/usr/bin/unshare",
                ["-n", "python3", script, Release.nanoclaw.path, path],
                environment: ["QUIET_SECONDS": Self.seconds]
            )
            #expect(done.status == 0, "\(done)")
            let result = try #require(
                try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any]
            )
            // The recorder hears a connection and a question for a name.
            let control = result["control"] as? [[Any]] ?? []
            for (address, port) in [
                ("198.51.100.7", 443), ("198.51.100.8", 53), ("2001:db8:1::9", 53), ("224.0.0.251", 5353),
                ("224.0.0.252", 5355), ("ff02::fb", 5353), ("ff02::1:3", 5355),
            ] {
                #expect(
                    control.contains { $0[1] as? String == address && $0[3] as? Int == port },
                    "\(address): \(control)"
                )
            }
            // What the kernel asks by itself, for new interfaces as ever, is heard and is no finding.
            #expect(result["kernels"] as? Int ?? 0 > 0 && result["interfaces"] as? Int == 0, "\(result)")
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
