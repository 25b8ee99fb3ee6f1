import Foundation
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// Ordinary programs work in the tool tier: what the filters refuse, they do without.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CompatibilityTests {
    @Test(arguments: SpawnMode.available, OrdinaryProgram.all)
    func `T59 ordinary programs run in the tool tier`(mode: SpawnMode, program: OrdinaryProgram) async throws {
        guard program.isHere else { return isMissing(program.name, "install Debian's \(program.package)") }
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(.tool, program.wholeScript)
            #expect(outcome.exit == .code(0), "\(program.name): \(outcome.output)\(outcome.errorOutput)")
            #expect(outcome.output == program.says, "\(program.name): \(outcome.errorOutput)")
        }
    }

    /// A toolchain outside /usr is a mount that the operator grants.
    @Test(arguments: SpawnMode.available)
    func `T59 the Swift compiler builds and runs a package, from a granted mount`(mode: SpawnMode) async throws {
        guard let toolchain = SwiftToolchain.found else {
            return isMissing("Swift", "put swiftc on PATH, in a folder that every user can read")
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

    /// Says that a program is not here; where the judges run, as in CI, that is a failure.
    private func isMissing(_ name: String, _ remedy: String) {
        if getenv("NANOCLAW_JUDGES") != nil || getenv("CI") != nil {
            Issue.record("\(name) is not here: \(remedy)")
        } else {
            print("skipped: \(name) is not here; \(remedy) to try it in the sandbox")
        }
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
