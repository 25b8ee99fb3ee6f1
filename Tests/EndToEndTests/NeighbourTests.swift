import Foundation
import TestSupport
import Testing

/// One session takes all it can get; two others, of other agents, are asked meanwhile.
///
/// Each turn is a whole `nanoclaw chat -m`, the start of the program included.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct NeighbourTests {
    private struct Offender {
        let name: String
        let command: String
        /// Whether it takes more than a limit allows, so that without a cgroup it is ended.
        var breaks = false
        /// Seconds that others' p95 may take beside one that keeps the device busy; nil: as the goal has it.
        ///
        /// Nothing of ours divides a disk's time (docs/security.md). The goal is 200 ms, and three times the quiet p95.
        var p95: Double?
        /// What it leaves behind in its folder.
        var files: [String] = []
    }

    private static let offenders = [
        // A shell's bomb dies of the first fork that is refused; this one does not.
        Offender(
            name: "fork bomb",
            command: #"python3 -c 'exec("import os\nwhile 1:\n try: os.fork()\n except OSError: pass")'"#,
            breaks: true
        ),
        Offender(
            name: "memory bomb",
            command: "python3 -c 'l=[bytes([65])*(16<<20) for _ in range(700)]; import time; time.sleep(61)'",
            breaks: true
        ),
        Offender(name: "CPU spin", command: "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; sleep 61"),
        Offender(
            name: "disk fill",
            command: "for i in 1 2; do head -c 900M /dev/zero > fill$i; done; sleep 61",
            p95: 1,
            files: ["fill1", "fill2"]
        ),
        Offender(
            name: "inode fill",
            command: "mkdir d; cd d; i=0; while [ $i -lt 50000 ]; do : > $i; i=$((i+1)); done; sleep 61",
            p95: 0.3,
            files: ["d"]
        ),
        Offender(name: "stdout flood", command: "yes flood"),
    ]

    static let users: [UInt32?] = getuid() == 0 ? [nil, 65534] : [nil]

    private func chat(_ name: String) -> String { "cli:local:\(name)" }

    /// Seconds of twenty turns, sorted.
    private func turns(_ host: TestHost) async throws -> [Double] {
        var times: [Double] = []
        for number in 0..<20 {
            let start = ContinuousClock.now
            let name = number % 2 == 0 ? "calm" : "quiet"
            let words = ["chat", "--chat", chat(name), "-m", "hello", "--timeout", "30"]
            let answer = try await host.nanoclaw(words)
            #expect(answer.status == 0, "\(answer)")
            times.append((ContinuousClock.now - start) / .seconds(1))
        }
        return times.sorted()
    }

    private func text(_ times: [Double]) -> String {
        String(format: "p50 %.0f ms, p95 %.0f ms, most %.0f ms", times[9] * 1000, times[18] * 1000, times[19] * 1000)
    }

    /// The runner of a session that has just answered.
    private func runner(_ host: TestHost, after others: Set<Int32>) async throws -> Int32? {
        try await host.sandboxProcesses().first { pid in
            let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
            return name == "agent-runner\n" && !others.contains(pid)
        }
    }

    @Test(arguments: users)
    func `T60 a session that takes all it can get leaves the others their turns`(user: UInt32?) async throws {
        try await withHost(user: user) { host in
            let who = user.map { "uid \($0)" } ?? "own user"
            for name in ["calm", "quiet", "noisy"] {
                for words in [
                    ["groups", "create", name], ["wirings", "create", "--chat", chat(name), "--group", name],
                ] {
                    let made = try await host.nanoclaw(words)
                    #expect(made.status == 0, "\(made)")
                }
            }
            _ = try await turns(host)
            let calm = Set(try await host.sandboxProcesses())
            var quiet = try await turns(host)
            let probe = try await host.nanoclaw("sandbox", "probe", "--json")
            let hasCgroup = probe.output.contains("\"cgroup\" : \"v")
            print("T60 \(who), \(hasCgroup ? "with" : "without") a cgroup, alone: \(text(quiet))")
            for offender in Self.offenders {
                _ = try await host.nanoclaw("chat", "--chat", chat("noisy"), "-m", "hello")
                let runner = try #require(try await runner(host, after: calm))
                let noisy = ["chat", "--chat", chat("noisy"), "-m", "run \(offender.command)", "--timeout", "30"]
                let start = ContinuousClock.now
                let noise = try Command(Release.nanoclaw, ["--home", host.home] + noisy, user: user)
                let end = Task { () -> Double in
                    while kill(runner, 0) == 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
                    return (ContinuousClock.now - start) / .seconds(1)
                }
                try await Task.sleep(for: .milliseconds(500))
                let beside = try await turns(host)
                if !hasCgroup, offender.breaks {
                    for _ in 0..<200 where kill(runner, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
                }
                let hasEnded = kill(runner, 0) != 0
                _ = try await host.nanoclaw("chat", "--chat", chat("noisy"), "-m", "/stop", "--timeout", "20")
                _ = await noise.finished()
                end.cancel()
                let length = await end.value
                print(
                    "T60 \(who), \(offender.name): \(text(beside)); "
                        + (hasEnded ? String(format: "ended after %.1f s", length) : "contained until it was stopped")
                )
                if !hasCgroup {
                    #expect(beside[19] < 2, "\(offender.name): \(text(beside))")
                    // Within 2 s of breaking its limit: measured 0.6 s from its start, but it may take as long to get there.
                    if offender.breaks { #expect(hasEnded && length < 4, "\(offender.name) after \(length) s") }
                }
                try await eventually(within: 10, "the sandbox of \(offender.name) has nothing left running") {
                    try await host.sandboxProcesses().count < 40
                }
                for file in offender.files {
                    try? FileManager.default.removeItem(atPath: "\(host.home)/groups/noisy/\(file)")
                }
                // Quiet is what the machine is before and behind the noise: others use it too.
                let (before, after) = (quiet, try await turns(host))
                quiet = after
                guard hasCgroup else { continue }
                let alone = max(before[18], after[18])
                let words = "\(offender.name): \(text(beside)); before \(text(before)); after \(text(after))"
                if let p95 = offender.p95 {
                    // Measured: 40 to 260 ms for bytes, 50 to 125 ms for files.
                    #expect(beside[18] < p95, "\(words)")
                    continue
                }
                #expect(beside[18] < 3 * alone, "\(words)")
                // A machine that is slow when nobody is noisy has no neighbour to thank for it.
                if alone < 0.066 { #expect(beside[18] < 0.2, "\(words)") }
            }
        }
    }
}
