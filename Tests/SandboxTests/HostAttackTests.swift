import CLinux
import Core
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// The attacks from inside that need more than a call: programs in odd places, resources, the host's own processes and
/// sockets, addresses and names.
@Suite(.serialized)
struct HostAttackTests {
    /// The same in both tiers and both modes.
    static let everywhere: [String: Set<String>] = [
        "RF06": ["ENOENT"], "RF08.pivot": ["EPERM"], "RF08.old": ["ENOENT"], "RF10": ["ENOENT"], "RF15": ["PIPE"],
        // Absent where the kernel has no modules.
        "PR02.modprobe": ["ENOENT", "EACCES", "EROFS"], "PR02.binfmt": ["ENOENT", "EACCES", "EROFS"],
        "PR02.uevent": ["ENOENT"], "PR05.lower": ["EACCES"], "PR09.readlink": ["EACCES"], "PR09.open": ["EACCES"],
        "PR11": ["ENOENT"],
        "WR03": ["EACCES"], "WR10.scratch": ["EPERM"], "WR10.workspace": ["EPERM"],
        "WR15.inbound": ["EROFS"], "WR15.workspace": ["EROFS"], "CF01": ["EROFS"],
        "NS14.mount": ["EPERM"], "NS14.agent": ["ENOENT"], "NS15.mounted": ["ENOENT"], "NS15.own": ["ROOT"],
        // Starting a program from memory is allowed: it is confined like any other.
        "NS22": ["OK"],
        "NW02.connect": ["ENETUNREACH"], "NW02.send": ["ENETUNREACH"],
        // Names come from /etc/hosts alone: no resolver is asked.
        "NW03": ["EAI_NONAME"],
        "NW09": ["ENOENT"], "NW09.host": ["ENOENT"], "NW09.environment": ["UNSET"], "NW14": ["EPERM"],
        "PS02": ["ESRCH"], "PS06": ["0 of 50"], "PS11.tmp": ["ENOSPC"], "PS11.shm": ["ENOSPC"], "PS12": ["ENOSPC"],
        "PS19": ["ENOSYS"],
    ]

    /// Where the tiers differ: the runner's Landlock knows one port, and programs start from no place that it writes.
    static func apart(_ tier: SandboxRequest.Tier) -> [String: Set<String>] {
        let reached = tier == .runner && clinux_landlock_abi() >= 4 ? "EACCES" : "ENETUNREACH"
        return [
            "NW01.v6": [reached], "NS17": [reached],
            "WR14": [tier == .runner ? "EACCES" : "OK"],
        ]
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `what the host has is not there inside, and what may be used ends`(
        mode: SpawnMode,
        tier: SandboxRequest.Tier
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await Self.withListener("\(fixture.home)/host.sock") { path in
                let neighbour = "neighbour \(getpid()) \(path)"
                let directory = tier == .runner ? "/workspace/outbound" : "/workspace/agent"
                let outcome = try await AttackTests.attack(
                    fixture,
                    tier,
                    ["host", "workspace \(directory)", neighbour, "resources", "reaching"]
                )
                #expect(outcome.exit == .code(0), "\(outcome.errorOutput)")
                let answers = TestPrograms.Outcome(status: 0, isSignal: false, output: outcome.output).answers
                for (name, allowed) in Self.everywhere.merging(Self.apart(tier), uniquingKeysWith: { $1 }) {
                    #expect(allowed.contains(answers[name] ?? "nothing"), "\(name): \(answers[name] ?? "nothing")")
                }
            }
        }
    }

    /// The process and the socket that the sandbox must not find are really there.
    @Test func `PS02 NW09 outside, the same program reaches the host's process and socket`() async throws {
        try await withTemporaryDirectory { directory in
            let attack = try TestPrograms.attack(in: directory)
            try await Self.withListener("\(directory)/host.sock") { path in
                let answers = try TestPrograms.run([attack, "neighbour", "\(getpid())", path]).answers
                #expect(answers == ["PS02": "OK", "NW09.host": "OK"])
            }
        }
    }

    /// Listens on a socket at `path` that every user may connect to.
    private static func withListener<Result>(
        _ path: String,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 8) == 0 && chmod(path, 0o666) == 0)
        return try await body(path)
    }
}
