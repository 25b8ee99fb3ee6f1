import CLinux
import Core
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// The catalogue of attacks from inside each tier of a finished sandbox, with the answer that the kernel must give.
@Suite(.serialized)
struct AttackTests {
    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `T42 each attack from inside gets its errno`(mode: SpawnMode, tier: SandboxRequest.Tier) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let answers = try await AttackRun.inside(fixture, tier)
            let asserted = AttackAnswers.asserted(mode, tier)
            for (name, allowed) in asserted {
                #expect(allowed.contains(answers[name] ?? "nothing"), "\(name): \(answers[name] ?? "nothing")")
            }
            #expect(AttackAnswers.unasserted(answers, asserted) == [], "tried, and asserted by nobody")
        }
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `NS01 a set-uid program gains nothing`(mode: SpawnMode, tier: SandboxRequest.Tier) async throws {
        try await withTemporaryDirectory { binaries in
            chmod(binaries, 0o755)
            try FileManager.default.copyItem(
                atPath: "\(Distribution.binaries)/nanoclaw-sandbox",
                toPath: "\(binaries)/nanoclaw-sandbox"
            )
            // The one file of the host from which both tiers start programs.
            try AttackRun.program.get().write(to: URL(filePath: "\(binaries)/agent-runner"))
            chmod("\(binaries)/agent-runner", 0o4755)
            try await SpawnFixture.with(mode, binaries: binaries) { fixture in
                let program = "/run/nanoclaw/agent-runner"
                let outcome = try await fixture.shell(tier, "test -u \(program) && exec \(program) identity")
                #expect(outcome.output == "uid 1000 gid 1000 no_new_privs 1\n", "\(outcome.errorOutput)")
            }
        }
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `RF14 PID 1's arguments name nothing of the box`(mode: SpawnMode, tier: SandboxRequest.Tier) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(
                tier,
                "tr '\\0' ' ' </proc/1/cmdline; echo; id -u; ls -A /workspace"
            )
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.prefix(2) == ["nanoclaw-sandbox ", "1000"])
            #expect(lines.contains("outbound") == (tier == .runner))
            #expect(lines.contains("state") == (tier == .runner))
            #expect(lines.contains("agent") == (tier == .tool))
        }
    }

    @Test(arguments: SpawnMode.available)
    func `T42 the report says of each process what the kernel says`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let report = try await fixture.shell(.tool, "true").report
            #expect(report.mode == (mode == .root ? .root : .rootless))
            #expect(report.processes.map(\.role) == ["init", "runner", "tool"])
            for process in report.processes {
                #expect(process.noNewPrivileges)
                #expect(process.capabilities == ["0", "0", "0", "0", "0"], "\(process.role)")
                #expect(process.secureBits == 0xEF)
                #expect(process.seccomp == 2)
                #expect(process.rootReadOnly)
                #expect(process.groups == 0 || mode == .rootless)
            }
            let tiers = try [#require(report.process("runner")), #require(report.process("tool"))]
            for process in tiers {
                #expect(process.seccompFilters == (process.role == "runner" ? 3 : 2))
                #expect(process.uid == 1000 && process.gid == 1000)
                #expect(process.userNamespaceErrno == EPERM)
                #expect(process.landlockDenies == (clinux_landlock_abi() >= 2))
                #expect(process.limits.last == 1)
            }
            for kind in ["user", "mnt", "pid", "net", "ipc"] {
                #expect(tiers[0].namespaces[kind] != tiers[1].namespaces[kind], "\(kind)")
                let host = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(kind)")
                #expect(!tiers.contains { host.contains($0.namespaces[kind] ?? "nothing") }, "\(kind)")
            }
            // Without root there is one uid, and the report says so.
            let shared = report.degraded.contains { $0.hasPrefix("uids: ") }
            #expect(shared == (mode == .rootless))
        }
    }
}

extension SpawnFixture {
    /// Puts a file below the home, as its owner's.
    func place(_ bytes: Data, _ path: String) throws {
        let parts = path.split(separator: "/")
        for count in 1..<parts.count {
            let folder = "\(home)/\(parts.prefix(count).joined(separator: "/"))"
            if mkdir(folder, 0o755) == 0 { chown(folder, mode.owner, mode.owner) }
        }
        try bytes.write(to: URL(filePath: "\(home)/\(path)"))
        chmod("\(home)/\(path)", 0o755)
        chown("\(home)/\(path)", mode.owner, mode.owner)
    }
}
