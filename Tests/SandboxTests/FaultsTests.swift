import Core
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// Every step of the set-up is made to fail, one after the other: the spawn is refused by name, and nothing is left.
@Suite(.serialized)
struct FaultsTests {
    /// Where binaries built with the package trait `Faults` are.
    static var binaries: String {
        ProcessInfo.processInfo.environment["NANOCLAW_DIST_FAULTS"] ?? "\(Distribution.package)/.build-dist-faults"
    }

    static var areBuilt: Bool { FileManager.default.isExecutableFile(atPath: "\(binaries)/nanoclaw-sandbox") }

    @Test(
        .enabled(if: FaultsTests.areBuilt, "no binaries with the trait Faults"),
        arguments: SpawnMode.available,
        ["launcher", "init", "runner", "tool"]
    )
    func `SV02 whatever step fails, the spawn is refused naming it and nothing is left`(
        mode: SpawnMode,
        role: String
    ) async throws {
        try await withTemporaryDirectory { directory in
            // A path of its own tells this test's processes from all others.
            let binary = "\(directory)/nanoclaw-sandbox"
            try FileManager.default.copyItem(atPath: "\(Self.binaries)/nanoclaw-sandbox", toPath: binary)
            chmod(directory, 0o755)
            var steps: Set<String> = []
            var k = 0
            var isDone = false
            while !isDone, k < 1000 {
                k += 1
                switch try await spawn(mode, binaries: directory, fault: "\(role):\(k)") {
                case .refused(let failure):
                    #expect(failure.errno == EPERM, "\(role):\(k) \(failure)")
                    #expect(!failure.step.isEmpty)
                    steps.insert(failure.step)
                case .notStarted(let reason):
                    // Only the tool tier starts anything once it stands.
                    #expect(role == "tool" && Self.callSteps.contains(reason), "\(role):\(k) \(reason)")
                    steps.insert(reason)
                case .done: isDone = true
                }
                #expect(processes(of: binary).isEmpty, "\(role):\(k) left processes")
            }
            #expect(isDone)
            #expect(k > (SandboxSteps.least[role] ?? .max), "\(k - 1) steps of \(role) have failed")
            // Each failure names its own step; a few steps are done more than once under one name.
            #expect(steps.count >= (k - 1) / 2, "\(k - 1) failures named \(steps.count) steps")
        }
    }

    private enum Ending {
        case refused(SandboxError)
        /// The sandbox stands, and the call in it was not started: what it said on standard error.
        case notStarted(String)
        case done
    }

    /// What a call says whose own steps fail: in the tool init, or in the call's process.
    private static let callSteps = [
        "nanoclaw-sandbox: socketpair: Operation not permitted\n",
        "nanoclaw-sandbox: the command cannot be started: Operation not permitted\n",
    ]

    /// How a spawn with that fault ended; checks what is left.
    private func spawn(_ mode: SpawnMode, binaries: String, fault: String) async throws -> Ending {
        try await SpawnFixture.with(mode, binaries: binaries, environment: ["NANOCLAW_FAULT=\(fault)"]) { fixture in
            let mounts = try Self.mounts()
            let ending = try await ScratchSession.with(home: fixture.home) { scratch -> Ending in
                let request = scratch.request(
                    .command(tier: .tool, argv: ["/bin/echo", "done"]),
                    groupFolder: "demo"
                )
                do {
                    let outcome = try await fixture.outcome(of: fixture.spawner.spawn(request))
                    if outcome.output == "done\n", outcome.exit == .code(0) { return .done }
                    #expect(outcome.exit == .code(126), "\(fault)")
                    return .notStarted(outcome.errorOutput)
                } catch let error as SandboxError {
                    try Self.checkLock("\(fixture.home)/data/sessions/scratch/\(scratch.session.rawValue)/lock", fault)
                    return .refused(error)
                }
            }
            #expect(try Self.mounts() == mounts, "\(fault) left mounts")
            #expect(Self.cgroups(home: fixture.home).isEmpty, "\(fault) left cgroups")
            return ending
        }
    }

    /// A lock that nobody holds can be taken.
    private static func checkLock(_ path: String, _ fault: String) throws {
        let lock = open(path, O_RDONLY | O_CLOEXEC)
        if lock < 0 { return }
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0, "\(fault) left the session locked")
        close(lock)
    }

    /// Mounts of the host that belong to a test's home.
    private static func mounts() throws -> [Substring] {
        try procText("/proc/self/mountinfo").split(separator: "\n")
            .filter { $0.contains("nanoclaw") }
    }

    private static func cgroups(home: String) -> [String] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let prefix = "nanoclaw-\(String(hash, radix: 16))-"
        guard let walk = FileManager.default.enumerator(atPath: "/sys/fs/cgroup") else { return [] }
        return walk.compactMap { $0 as? String }.filter { $0.contains("/\(prefix)") }
    }

    private func processes(of binary: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { pid in
            guard Int32(pid) != nil else { return false }
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            return target?.hasPrefix(binary) == true
        }
    }

    @Test func `no shipped binary has a fault in it`() throws {
        var checked = 0
        for name in ["nanoclaw", "nanoclaw-sandbox", "agent-runner"] {
            guard let bytes = FileManager.default.contents(atPath: "\(Distribution.binaries)/\(name)") else { continue }
            for word in [
                "clinux_fault_arm", "clinux_fault_role", "NANOCLAW_FAULT", "NANOCLAW_CRASH", "workspace/state/.crash",
                "clinux_without", "NANOCLAW_WITHOUT",
            ] {
                #expect(bytes.range(of: Data(word.utf8)) == nil, "\(name) has \(word)")
            }
            checked += 1
        }
        #expect(checked > 0, "no binaries in \(Distribution.binaries)")
        // The same search finds it where it is.
        if Self.areBuilt {
            let bytes = try Data(contentsOf: URL(filePath: "\(Self.binaries)/nanoclaw-sandbox"))
            #expect(bytes.range(of: Data("NANOCLAW_FAULT".utf8)) != nil)
        }
    }
}
