import Foundation
import TestSupport
import Testing

/// A machine of its own below qemu: a kernel, a systemd and cgroups of version 2 that the machine of the tests has not.
///
/// With the long tests of root, which install debootstrap and qemu.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["NANOCLAW_LONG"] != nil && getuid() == 0, "a long test of root's"),
    .timeLimit(.minutes(60))
)
struct MachineTests {
    private typealias Answer = [String: Any]

    private func machine(_ scenario: String, _ suite: String, _ more: [String] = []) async throws -> Said {
        let script = Release.checkout.appending(path: "Tests/Machine/machine.py").path
        let done = try await run(
            "/usr/bin/python3",
            [script, scenario, "--suite", suite, "--programs", Release.nanoclaw.deletingLastPathComponent().path]
                + more,
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
        )
        #expect(done.status == 0, "\(done)")
        print(done.output)
        return Said(all: try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? Answer ?? [:])
    }

    /// What the scenario said, step by step.
    private struct Said {
        let all: Answer

        func step(_ name: String) throws -> Answer { try #require(all[name] as? Answer, "\(name): \(all)") }

        func ended(_ name: String, in part: Answer? = nil) throws -> (status: Int, output: String, errors: String) {
            let one = try #require((part ?? all)[name] as? Answer, "\(name): \(all)")
            return (
                try #require(one["status"] as? Int), one["output"] as? String ?? "", one["errors"] as? String ?? ""
            )
        }
    }

    /// The limits of one session below cgroup v2, and what going over them comes to.
    private func bounded(_ said: Said) throws {
        #expect(try said.step("machine")["cgroup"] as? String == "cgroup2fs")
        let bombs = try said.step("bombs")
        #expect(try said.ended("hello", in: bombs).output == "1000\n", "\(bombs)")
        let before = try #require(bombs["before"] as? [String: String], "\(bombs)")
        #expect(before["memory.max"] == "\(256 << 20)" && before["memory.swap.max"] == "0", "\(before)")
        #expect(before["pids.max"] == "64" && before["cpu.max"] == "100000 100000", "\(before)")
        // What is too much is ended and says so; the session, its cgroup and the host are there afterwards.
        #expect(try said.ended("memory", in: bombs).output.contains("137"), "\(bombs)")
        #expect(try said.ended("alive", in: bombs).output == "still-here\n", "\(bombs)")
        let after = try #require(bombs["after"] as? [String: String], "\(bombs)")
        #expect(count("oom_kill", in: after["memory.events"]) > 0, "\(after)")
        #expect(count("max", in: after["pids.events"]) > 0, "\(after)")
        let freezes = try #require(bombs["freezes"] as? [String: Any], "\(bombs)")
        #expect((freezes["times"] as? Int ?? 0) > 2 && freezes["answer"] as? String == "over\n", "\(freezes)")
        #expect(freezes["end"] as? String == "0", "\(freezes)")
        #expect(count("nr_throttled", in: after["cpu.stat"]) > 0, "\(after)")
    }

    private func count(_ name: String, in text: String?) -> Int {
        let line = text?.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }

    @Test(arguments: ["bookworm", "trixie"])
    func `T60 the system's service holds its limits below cgroup v2, comes back and leaves nothing`(
        suite: String
    ) async throws {
        let said = try await machine("service", suite)
        for name in ["install", "start", "status", "stop"] { #expect(try said.ended(name).status == 0, "\(said.all)") }
        try bounded(said)
        // Nothing of the machine is worse than the best class.
        let doctor = try said.ended("doctor")
        #expect(doctor.status == 0 && doctor.output.isEmpty, "\(doctor)")
        #expect(said.all["back"] as? Bool == true)
        #expect(try said.ended("again").output == "back\n")
        #expect(said.all["left"] as? [String] == [] && said.all["processes"] as? String == "", "\(said.all)")
    }

    @Test(arguments: ["bookworm", "trixie"])
    func `T60 a user's own service holds the same limits in the cgroup that the user's systemd grants`(
        suite: String
    ) async throws {
        let said = try await machine("own", suite)
        for name in ["install", "status"] { #expect(try said.ended(name).status == 0, "\(said.all)") }
        // The user's systemd stays already.
        #expect(try !said.ended("install").output.contains("enable-linger"), "\(said.all)")
        try bounded(said)
        #expect(try said.ended("doctor").output.contains("class B"), "\(said.all)")
    }

    @Test(arguments: ["bookworm", "trixie"])
    func `the attack suite finds the same on another kernel, below cgroup v2`(suite: String) async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let said = try await machine("attacks", suite, ["--tests", tests, "--faults", CrashDriver.binaries])
        #expect(said.all["status"] as? Int == 0, "\(said.all)")
        #expect((said.all["last"] as? [String])?.first?.contains("passed") == true, "\(said.all)")
    }

    @Test func `T24 a home on NFS or 9p is refused before anything is written, by name and with what to do`()
        async throws
    {
        let said = try await machine("homes", "trixie")
        for (name, word) in ["nfs": "NFS", "9p": "9p"] {
            let part = try said.step(name)
            #expect(try said.ended("mounted", in: part).status == 0, "\(part)")
            let answer = try said.ended("up", in: part)
            #expect(answer.status == 78, "\(answer)")
            for word in [word, "local disk"] { #expect(answer.errors.contains(word), "\(answer)") }
            #expect(part["left"] as? [String] == [], "\(part)")
        }
    }

    @Test func `T22 what was answered before the power was cut is there, in rows and memory`() async throws {
        let said = try await machine("power", "trixie")
        let answered = try #require(said.all["answered"] as? [String], "\(said.all)")
        let cuts = try #require(said.all["cuts"] as? [[String: Int]], "\(said.all)")
        #expect(cuts.count == 3 && answered.count >= 21)
        // Without a loss the disk would have held back nothing, and the cut would be no cut.
        #expect(cuts.contains { $0["lost"] ?? 0 > 0 }, "\(cuts)")
        #expect(try said.ended("hello").output == "all-is-well\n", "\(said.all)")
        #expect(try said.ended("doctor").output.isEmpty, "\(said.all)")
        let rows = try said.step("rows")
        let transcript = try said.step("transcript")
        #expect(transcript["torn"] as? [String] == [] && rows["errors"] as? [String] == [], "\(said.all)")
        // What was on its way when the power went may not have come in; once it has, it is answered as all others are.
        let accepted = Set(rows["in"] as? [String] ?? [])
        let onItsWay = (said.all["sent"] as? [String] ?? []).filter(accepted.contains)
        for text in answered + onItsWay {
            #expect((rows["in"] as? [String] ?? []).count { $0 == text } == 1, "\(text) has come in more than once")
            for (part, name) in [(rows, "in"), (rows, "out"), (transcript, "texts")] {
                let times = (part[name] as? [String] ?? []).count { $0 == text }
                #expect(times >= 1, "\(text) is not in \(name)")
            }
        }
    }
}
