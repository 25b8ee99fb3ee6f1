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
        /// Whether it keeps the disk busy: whoever else uses that is heard in what is measured, so it is tried several times.
        var isOfDisk = false
        /// Whether its bytes come no faster than `sandbox.writeRate`, where there is a cgroup.
        var isPaced = false
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
            isOfDisk: true,
            isPaced: true,
            files: ["fill1", "fill2"]
        ),
        Offender(
            name: "inode fill",
            command: "mkdir d; cd d; i=0; while [ $i -lt 50000 ]; do : > $i; i=$((i+1)); done; sleep 61",
            isOfDisk: true,
            files: ["d"]
        ),
        Offender(
            name: "storm of flushes",
            command: "while :; do dd if=/dev/zero of=flushed bs=64k count=16 conv=fsync 2> /dev/null; done",
            isOfDisk: true,
            files: ["flushed"]
        ),
        Offender(name: "stdout flood", command: "yes flood"),
    ]

    /// Of one who keeps the disk busy.
    private static let tries = 3

    static let users: [UInt32?] = getuid() == 0 ? [nil, 65534] : [nil]

    private func chat(_ name: String) -> String { "cli:local:\(name)" }

    /// Twenty turns.
    private struct Times {
        /// Seconds, sorted.
        var turns: [Double] = []

        var p95: Double { turns[18] }
        var longest: Double { turns[19] }
    }

    private func turns(_ host: TestHost) async throws -> Times {
        var times = Times()
        for number in 0..<20 {
            let start = ContinuousClock.now
            let name = number % 2 == 0 ? "calm" : "quiet"
            let words = ["chat", "--chat", chat(name), "-m", "hello", "--timeout", "30"]
            let answer = try await host.nanoclaw(words)
            #expect(answer.status == 0, "\(answer)")
            times.turns.append((ContinuousClock.now - start) / .seconds(1))
        }
        times.turns.sort()
        return times
    }

    private func text(_ times: Times) -> String {
        let turns = times.turns
        return String(
            format: "p50 %.0f ms, p95 %.0f ms, most %.0f ms",
            turns[9] * 1000,
            turns[18] * 1000,
            turns[19] * 1000
        )
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
            let others = Set(try await host.sandboxProcesses())
            var quiet = try await turns(host)
            let probe = try await host.nanoclaw("sandbox", "probe", "--json")
            let hasCgroup = probe.output.contains("\"cgroup\" : \"v")
            print("T60 \(who), \(hasCgroup ? "with" : "without") a cgroup, alone: \(text(quiet))")
            for offender in Self.offenders {
                for attempt in 1...(offender.isOfDisk ? Self.tries : 1) {
                    let (before, beside) = (quiet, try await turns(host, beside: offender, as: who, hasCgroup, others))
                    // Quiet is what the machine is before and behind the noise: others use it too.
                    quiet = try await turns(host)
                    guard hasCgroup else {
                        #expect(beside.longest < 2, "\(offender.name): \(text(beside))")
                        break
                    }
                    let alone = max(before.p95, quiet.p95)
                    // Measured: 0.9 to 1.7 times. Where it is slow alone, 200 ms are no neighbour's doing.
                    let isHeld = beside.p95 < 3 * alone && (beside.p95 < 0.2 || alone >= 0.066)
                    // Measured: 48 to 66 ms, and 135 at most. No try may take more than this.
                    #expect(!offender.isOfDisk || beside.p95 < 0.3, "\(offender.name): \(text(beside))")
                    if isHeld { break }
                    let words = "\(offender.name): \(text(beside)); before \(text(before)); after \(text(quiet))"
                    print("T60 \(who), try \(attempt): \(words)")
                    #expect(offender.isOfDisk && attempt < Self.tries, "\(words)")
                }
            }
        }
    }

    /// Twenty turns of the others while the offender is at work; nothing of it runs on afterwards.
    ///
    /// `others` are the processes of the others' sandboxes.
    private func turns(
        _ host: TestHost,
        beside offender: Offender,
        as who: String,
        _ hasCgroup: Bool,
        _ others: Set<Int32>
    ) async throws -> Times {
        _ = try await host.nanoclaw("chat", "--chat", chat("noisy"), "-m", "hello")
        let runner = try #require(try await runner(host, after: others))
        let noisy = ["chat", "--chat", chat("noisy"), "-m", "run \(offender.command)", "--timeout", "30"]
        let start = ContinuousClock.now
        let noise = try Command(Release.nanoclaw, ["--home", host.home] + noisy, user: host.user)
        let end = Task { () -> Double in
            // No child of this process: nothing but looking tells when it is gone.
            while kill(runner, 0) == 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
            return (ContinuousClock.now - start) / .seconds(1)
        }
        // What it takes is the kernel's to see: half a second after its start it is in the middle of that.
        try await Task.sleep(for: .milliseconds(500))
        let beside = try await turns(host)
        if hasCgroup, offender.isPaced {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let sizes = offender.files.map { file in
                let path = "\(host.home)/groups/noisy/\(file)"
                return (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            }
            let written = Double(sizes.reduce(0, +))
            print("T60 \(who), \(offender.name): \(Int(written) >> 20) MiB in \(seconds) s")
            // Four seconds' worth at once, then the rate. Measured: 366 to 461 MiB in 1.4 to 1.7 s; 1,542 in 2.7 s unbounded.
            #expect(written < (4 + seconds) * Double(64 << 20) * 2 && written > 0, "\(offender.name)")
        }
        if !hasCgroup, offender.breaks {
            // The deadline below is the assertion; this only gives it the time to be missed.
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
        // Within 2 s of breaking its limit: measured 0.6 s from its start, but it may take as long to get there.
        if !hasCgroup, offender.breaks { #expect(hasEnded && length < 4, "\(offender.name) after \(length) s") }
        try await eventually(within: 10, "the sandbox of \(offender.name) has nothing left running") {
            try await host.sandboxProcesses().count < 40
        }
        for file in offender.files {
            try? FileManager.default.removeItem(atPath: "\(host.home)/groups/noisy/\(file)")
        }
        return beside
    }
}
