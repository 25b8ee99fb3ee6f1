import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Sandbox

/// Ordinary programs work in the tool tier: what the filters refuse, they do without.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CompatibilityTests {
    @Test(arguments: SpawnMode.available, OrdinaryProgram.all)
    func `T59 ordinary programs run in the tool tier`(mode: SpawnMode, program: OrdinaryProgram) async throws {
        guard program.isHere else { return try skip(program.name, "install Debian's \(program.package)") }
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(.tool, program.script(in: "/tmp"))
            #expect(outcome.exit == .code(0), "\(program.name): \(outcome.output)\(outcome.errorOutput)")
            #expect(outcome.output == program.says, "\(program.name): \(outcome.errorOutput)")
        }
    }

    /// Where an agent's tools work: a mount whose ids are mapped, with what is made there kept on the box.
    @Test(arguments: SpawnMode.available, OrdinaryProgram.quick)
    func `T59 ordinary programs run in the agent's folder, and what they make is its owner's`(
        mode: SpawnMode,
        program: OrdinaryProgram
    ) async throws {
        guard program.isHere else { return try skip(program.name, "install Debian's \(program.package)") }
        try await SpawnFixture.with(mode) { fixture in
            // Without `cd`: a call starts there.
            let script = "set -eu; test $PWD = /workspace/agent; export HOME=$PWD; : > made\n" + program.script
            let outcome = try await fixture.shell(.tool, script)
            #expect(outcome.exit == .code(0), "\(program.name): \(outcome.output)\(outcome.errorOutput)")
            #expect(outcome.output == program.says, "\(program.name): \(outcome.errorOutput)")
            let made = FileManager.default.enumerator(atPath: "\(fixture.home)/groups/demo")?.compactMap {
                $0 as? String
            }
            #expect(made?.contains("made") == true)
            for name in made ?? [] {
                var status = stat()
                #expect(lstat("\(fixture.home)/groups/demo/\(name)", &status) == 0)
                #expect(status.st_uid == mode.owner, "\(name)")
            }
        }
    }

    /// A toolchain outside /usr is a mount that the operator grants.
    @Test(arguments: SpawnMode.available)
    func `T59 the Swift compiler builds and runs a package, from a granted mount`(mode: SpawnMode) async throws {
        guard let toolchain = SwiftToolchain.found else {
            return try skip("Swift", "put swiftc on PATH, in a folder that every user can read")
        }
        let mounts = toolchain.isInSystem ? [] : [SandboxMount(name: "swift", path: toolchain.root, writable: false)]
        try await SpawnFixture.with(mode, mounts: mounts) { fixture in
            let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                var request = scratch.request(
                    .command(tier: .tool, argv: ["/bin/sh", "-euc", toolchain.script]),
                    groupFolder: "demo"
                )
                request.extraMounts = try mounts.map { try checkedMount($0.name, $0.path) }
                return try await fixture.outcome(of: fixture.spawner.spawn(request))
            }
            #expect(outcome.exit == .code(0), "\(outcome.output)\(outcome.errorOutput)")
            #expect(
                outcome.output.hasSuffix("42 [1, 2, 3] [\"a\", \"b\"]\n"),
                "\(outcome.output)\(outcome.errorOutput)"
            )
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a mount that is only read may hold programs, one that is written may not`(mode: SpawnMode) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            try FileManager.default.copyItem(atPath: "/bin/true", toPath: "\(path)/program")
            chmod("\(path)/program", 0o755)
            let mounts = [false, true].map { SandboxMount(name: $0 ? "rw" : "ro", path: path, writable: $0) }
            try await SpawnFixture.with(mode, mounts: mounts) { fixture in
                let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                    let script = "for m in ro rw; do /workspace/extra/$m/program; echo $?; done"
                    var request = scratch.request(.command(tier: .tool, argv: ["/bin/sh", "-c", script]))
                    request.extraMounts = try mounts.map { try checkedMount($0.name, $0.path) }
                    return try await fixture.outcome(of: fixture.spawner.spawn(request))
                }
                #expect(outcome.output == "0\n126\n", "\(outcome.errorOutput)")
            }
        }
    }

    /// Ends this case as skipped, since a program is not here; where the judges run, as in CI, that is a failure.
    private func skip(_ name: String, _ remedy: String) throws {
        guard getenv("NANOCLAW_JUDGES") == nil, getenv("CI") == nil else {
            Issue.record("\(name) is not here: \(remedy)")
            return
        }
        try Test.cancel("\(name) is not here: \(remedy) to try it in the sandbox")
    }

    @Test(arguments: SpawnMode.available)
    func `PS05 a fork bomb ends at the limit and the sandbox with it`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                let bomb =
                    "n=0; while [ $n -lt 200 ]; do sleep 60 & n=$((n+1)); done; echo over"
                return try await fixture.outcome(
                    of: fixture.spawner.spawn(
                        scratch.request(
                            .command(tier: .tool, argv: ["/bin/sh", "-c", bomb]),
                            groupFolder: "demo",
                            limits: SandboxLimits(pids: 40)
                        )
                    )
                )
            }
            #expect(outcome.errorOutput.contains("Cannot fork"), "\(outcome.output)")
            #expect(outcome.exit != .code(0) && !outcome.output.contains("over"))
        }
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `PS10 more memory than granted is taken back within seconds, in either tier`(
        mode: SpawnMode,
        tier: SandboxRequest.Tier
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                // tail keeps a line until it ends: it holds what it has read.
                let bomb = "(head -c 200000000 /dev/zero; sleep 60) | tail -n 1 | wc -c"
                let start = ContinuousClock.now
                let process = try await fixture.spawner.spawn(
                    scratch.request(
                        .command(tier: tier, argv: ["/bin/sh", "-c", bomb]),
                        groupFolder: "demo",
                        limits: SandboxLimits(memoryBytes: 64 << 20)
                    )
                )
                let isInCgroup = !process.report.cgroup.isEmpty
                // The kernel ends who takes too much at once, and only that one; the host looks twice a second.
                if isInCgroup {
                    try await Readiness.shared.readable(process.output)
                    #expect(try process.output.read(upTo: 100) == Array("0\n".utf8))
                    process.kill()
                } else {
                    #expect(await process.waitForExit() == .signal(SIGKILL))
                    #expect(process.breach?.contains("64 MiB are allowed") == true, "\(process.breach ?? "")")
                }
                let length = ContinuousClock.now - start
                print("PS10 \(mode), \(tier): \(isInCgroup ? "cgroup" : "watchdog") after \(length)")
                #expect(length < .seconds(10))
                _ = await process.waitForExit()
            }
        }
    }

    /// Whether the kernel lets the root of a namespace bound it: since Linux 6.9.
    static let canBoundIPC: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-Uri", "/bin/sh", "-c", "echo 1 > /proc/sys/kernel/shmall"]
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        .enabled(if: CompatibilityTests.canBoundIPC, "the kernel lets only the box's root bound them"),
        arguments: SpawnMode.available,
        [SandboxRequest.Tier.runner, .tool]
    )
    func `PS19 what System V's calls keep without a process is bounded, in either tier`(
        mode: SpawnMode,
        tier: SandboxRequest.Tier
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let names = ["shmmax", "msgmni", "sem"].map { "/proc/sys/kernel/\($0)" }
            let outcome = try await fixture.run(tier, ["/bin/cat"] + names)
            #expect(outcome.output == "67108864\n32\n250\t32000\t32\t128\n", "\(outcome.errorOutput)")
            let pages = try await fixture.run(tier, ["/bin/cat", "/proc/sys/kernel/shmall"])
            #expect(Int(pages.output.dropLast()) == (64 << 20) / sysconf(Int32(_SC_PAGESIZE)), "\(pages.output)")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `WR13 a file ends at its limit, and /tmp at its size`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                let script = """
                    truncate -s 1E /workspace/agent/f 2>/dev/null; echo $?
                    head -c 3000000 /dev/zero > /tmp/full 2>/dev/null || true; wc -c < /tmp/full
                    """
                return try await fixture.outcome(
                    of: fixture.spawner.spawn(
                        scratch.request(
                            .command(tier: .tool, argv: ["/bin/sh", "-c", script]),
                            groupFolder: "demo",
                            limits: SandboxLimits(tmpBytes: 1 << 20)
                        )
                    )
                )
            }
            // SIGXFSZ, and no byte more.
            #expect(outcome.output == "153\n1048576\n", "\(outcome.errorOutput)")
        }
    }
}
