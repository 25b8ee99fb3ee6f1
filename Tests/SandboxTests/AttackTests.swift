import CLinux
import Core
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// The catalogue of attacks from inside each tier of a finished sandbox, with the answer that the kernel must give.
@Suite(.serialized)
struct AttackTests {
    /// The same in both tiers and both modes.
    static let everywhere: [String: Set<String>] = [
        "RF01": ["ENOENT"], "RF02": ["ENOENT"], "RF07.root": ["EACCES"], "RF07.cwd": ["EACCES"],
        "RF07.exe": ["EACCES"], "RF09": ["EPERM"], "RF11.block": ["EPERM"], "RF11.char": ["EPERM"],
        "RF12.syslog": ["EPERM"], "RF12.dev": ["ENOENT"], "RF12.proc": ["EACCES", "ENOENT"], "RF13": ["EACCES"],
        "RF16.kcore": ["EACCES", "ENOENT"], "RF16.kallsyms": ["EACCES", "ENOENT"],
        "RF16.keys": ["EACCES", "ENOENT"], "RF16.timer_list": ["EACCES", "ENOENT"],
        // The header and the tier's own listener; no other socket is there by name.
        "RF18.tcp": ["2"], "RF19": ["-1"],
        "WR01.usr": ["EROFS"], "WR01.root": ["EROFS"], "WR01.preload": ["EROFS"], "WR02": ["EROFS", "EACCES"],
        "PR01": ["EACCES", "EROFS"], "PR03": ["EACCES", "ENOENT"], "PR04": ["EACCES", "EROFS"], "PR06": ["EPERM"],
        "PR07.proc": ["EPERM"], "PR07.sysfs": ["EPERM"], "PR07.cgroup": ["EPERM"], "PR07.overlay": ["EPERM"],
        "PR07.tmpfs": ["EPERM"], "PR07.open_tree": ["EPERM"], "PR07.fsopen": ["EPERM"],
        "PR10.kmsg": ["ENOENT"], "PR10.fuse": ["ENOENT"], "PR10.kvm": ["ENOENT"], "PR10.net/tun": ["ENOENT"],
        "PR10.loop-control": ["ENOENT"], "PR10.console": ["ENOENT"], "PR10.userfaultfd": ["ENOENT"],
        "PR10.vsock": ["ENOENT"], "PR12": ["EACCES"],
        "IN02": ["EROFS"], "IN03.unlink": ["EROFS"], "IN03.rename": ["EROFS"], "IN03.chmod": ["EROFS"],
        "IN03.utime": ["EROFS"], "IN03.write": ["EROFS"], "IN04": ["EXDEV"],
        "NW04.raw": ["EPERM"], "NW04.datagram": ["EACCES"], "NW08": ["ECONNREFUSED"],
        // Uid 0 is not mapped in the second user namespace.
        "NS02.uid": ["EINVAL", "EPERM"], "NS02.gid": ["EINVAL", "EPERM"], "PS18": ["EPERM"], "TT03": ["ENXIO"],
    ]

    /// Where the tiers differ: the runner's Landlock knows one port.
    static func network(_ tier: SandboxRequest.Tier) -> [String: Set<String>] {
        let own = tier == .runner && clinux_landlock_abi() >= 4
        return [
            "NW01": [own ? "EACCES" : "ENETUNREACH"], "NW10": [own ? "EACCES" : "ECONNREFUSED"],
            "NW11": [own ? "EACCES" : "ENETUNREACH"], "NW12": [own ? "EACCES" : "EADDRINUSE"],
        ]
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `T42 each attack from inside gets its errno`(mode: SpawnMode, tier: SandboxRequest.Tier) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await Self.attack(
                fixture,
                tier,
                ["reading", "writing", "modes", "proc", "network", "privilege", "terminal"]
            )
            let answers = TestPrograms.Outcome(status: 0, isSignal: false, output: outcome.output).answers
            #expect(outcome.exit == .code(0), "\(outcome.errorOutput)")
            for (name, allowed) in Self.everywhere.merging(Self.network(tier), uniquingKeysWith: { _, new in new }) {
                #expect(allowed.contains(answers[name] ?? "nothing"), "\(name): \(answers[name] ?? "nothing")")
            }
            for (name, expected) in SeccompTests.answers.merging(SeccompTests.network, uniquingKeysWith: { $1 }) {
                #expect(answers[name] == expected, "\(name): \(answers[name] ?? "nothing")")
            }
            #if arch(x86_64)
            #expect(answers["NS06.int80"] == "SIGSYS")
            #expect(answers["NS06.x32"] == "SIGSYS")
            #endif
            // RF17: PID 1, what runs the attack, the attack and its like; none of the host's.
            #expect((1...6).contains(Int(answers["RF17"] ?? "") ?? 99), "\(answers["RF17"] ?? "")")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `FD01 a command has its three streams and no other descriptor`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await Self.attack(fixture, .tool, ["fds"])
            #expect(outcome.output == "FD01 0 1 2\n")
        }
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `NS01 RF14 a set-uid program gains nothing, and PID 1's arguments name nothing of the box`(
        mode: SpawnMode,
        tier: SandboxRequest.Tier
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(
                tier,
                "su -c id 2>/dev/null; echo su=$?; tr '\\0' ' ' </proc/1/cmdline; echo; id -u; ls -A /workspace"
            )
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.first?.hasPrefix("su=") == true && lines.first != "su=0")
            #expect(lines.contains("1000"))
            #expect(!outcome.output.contains(fixture.home))
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
                #expect(process.seccompFilters == 2)
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

    /// Runs the attack program in a tier of a scratch session that has a message file.
    static func attack(
        _ fixture: SpawnFixture,
        _ tier: SandboxRequest.Tier,
        _ groups: [String]
    ) async throws -> SpawnFixture.Outcome {
        try await withTemporaryDirectory { directory in
            let program = try Data(contentsOf: URL(filePath: TestPrograms.attack(in: directory)))
            return try await ScratchSession.with(home: fixture.home) { scratch in
                let session = "data/sessions/scratch/\(scratch.session.rawValue)/inbound"
                try fixture.place(Data("row".utf8), "\(session)/inbound.db")
                try fixture.place(Data("file".utf8), "\(session)/inbox/file")
                try fixture.place(program, "data/composed/scratch/1/attack")
                let file = tier == .runner ? "inbound inbound.db" : "inbound/inbox file"
                let words = groups == ["fds"] ? "fds" : "\(groups.joined(separator: " ")) inbound /workspace/\(file)"
                let command = "cp /workspace/instructions/attack /tmp/attack && exec /tmp/attack \(words)"
                var request = scratch.request(
                    .command(tier: tier, argv: ["/bin/sh", "-c", command]),
                    groupFolder: "demo"
                )
                request.generation = "1"
                return try await fixture.outcome(of: fixture.spawner.spawn(request))
            }
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
