import Glibc
import Testing

@testable import Sandbox

/// Who writes too fast is frozen for moments, and dies all the same when it shall.
///
/// The freezer is root's, or that of a cgroup which was given away; without one nothing is frozen, which ``WatchdogTests`` and
/// the suite over the room on the disk stand for.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: geteuid() == 0))
struct DiskPacerTests {
    /// By one process after the other, and by processes whose parent is gone.
    static let writers = [
        "while :; do head -c 64M /dev/zero > fill; done",
        "while :; do (head -c 20M /dev/zero > fill &); sleep 0.02; done",
    ]

    /// A sandbox that writes to the group's folder without end, once it was frozen.
    private func withFrozen(
        _ writer: String = writers[0],
        _ body: @escaping @Sendable (SpawnFixture, SandboxProcess) async throws -> Void
    ) async throws {
        try await SpawnFixture.with(.root, writeRate: 1 << 20) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let command = SandboxRequest.Program.command(tier: .tool, argv: ["sh", "-c", writer])
                let process = try await fixture.spawner.spawn(scratch.request(command, groupFolder: "demo"))
                try #require(process.report.cgroup.contains("freezer"), "\(process.report.degraded)")
                try await reaches(true, process)
                try await body(fixture, process)
            }
        }
    }

    /// Waits until the kernel says so of PID 1's cgroup.
    private func reaches(_ frozen: Bool, _ process: SandboxProcess) async throws {
        for _ in 0..<6_000 {
            if isFrozen(process.pid) == frozen { return }
            // The kernel tells nobody of it.
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("the sandbox is never \(frozen ? "frozen" : "let go on")")
    }

    private func isFrozen(_ pid: Int32) -> Bool? {
        guard let place = place(of: pid) else { return nil }
        if let state = contents("\(place)/freezer.state") { return state != "THAWED\n" }
        return contents("\(place)/cgroup.freeze").map { $0 == "1\n" }
    }

    /// The cgroup by which a process is frozen: of v1's freezer, or v2's.
    private func place(of pid: Int32) -> String? {
        guard let lines = contents("/proc/\(pid)/cgroup")?.split(separator: "\n") else { return nil }
        for line in lines {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            if fields[1] == "freezer" { return "/sys/fs/cgroup/freezer\(fields[2])" }
        }
        return lines.first { $0.hasPrefix("0::") }.map { "/sys/fs/cgroup\($0.dropFirst(3))" }
    }

    @Test(arguments: writers)
    func `T60 PS24 who writes without end is frozen for moments, again and again`(writer: String) async throws {
        try await withFrozen(writer) { _, process in
            for frozen in [false, true, false, true] { try await reaches(frozen, process) }
            process.kill()
            #expect(await process.waitForExit() == .signal(SIGKILL))
        }
    }

    @Test func `what another spawner of the home lets go on is frozen again`() async throws {
        try await withFrozen { fixture, process in
            try await reaches(true, process)
            // Its start sweeps up what dead spawners left.
            try await withSpawner(home: fixture.home) { _ = try await $0.probe() }
            try await reaches(true, process)
        }
    }

    private func withSpawner(
        home: String,
        _ body: @escaping @Sendable (SandboxSpawner) async throws -> Void
    ) async throws {
        let configuration = SandboxConfiguration(home: home, binaries: Distribution.binaries).forScratch()
        let spawner = SandboxSpawner(configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await spawner.run() }
            try await body(spawner)
            group.cancelAll()
        }
    }

    @Test func `one that is frozen is ended at once`() async throws {
        try await withFrozen { _, process in
            try await reaches(true, process)
            let start = ContinuousClock.now
            process.kill()
            #expect(await process.waitForExit() == .signal(SIGKILL))
            // Measured: 1.6 to 7 ms; without the thaw 250 and more.
            #expect(ContinuousClock.now - start < .milliseconds(150))
        }
    }

    /// Alone, the launcher thaws what it kills; with the launcher, the next spawner's sweep does.
    @Test(arguments: [false, true])
    func `a spawner that dies while one is frozen leaves nothing`(withLauncher: Bool) async throws {
        try await withFrozen { fixture, process in
            let place = try #require(self.place(of: process.pid))
            let launcher = try #require(parent(of: process.pid))
            let spawner = try #require(parent(of: launcher))
            try await reaches(true, process)
            kill(spawner, SIGKILL)
            if withLauncher { kill(launcher, SIGKILL) }
            #expect(await process.waitForExit() == .signal(SIGKILL))
            // The next one serves, and has swept up before.
            _ = try await fixture.spawner.probe()
            #expect(access(place, F_OK) != 0, "\(place) is left")
        }
    }
}
