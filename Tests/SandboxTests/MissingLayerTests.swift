import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// Kernels that lack a layer, or are forbidden to give it: the spawn is refused, or the report says what is missing.
@Suite(.serialized)
struct MissingLayerTests {
    /// A call that fails below the spawner as it does on such a kernel.
    struct Lack: Sendable, CustomTestStringConvertible {
        let name: String
        let call: String
        let errno: Int32
        var mask: Int32 = 0
        /// The step that the refusal names; empty for what is only told.
        var step = ""

        var testDescription: String { name }
    }

    /// CLONE_NEWUSER.
    private static let userNamespace: Int32 = 0x1000_0000

    static let refused = [
        Lack(name: "no seccomp", call: "seccomp", errno: ENOSYS, step: "seccomp"),
        Lack(
            name: "no second user namespace",
            call: "unshare",
            errno: EPERM,
            mask: userNamespace,
            step: "second user namespace"
        ),
    ]

    static let told = [
        Lack(name: "no Landlock", call: "landlock", errno: ENOSYS),
        Lack(name: "Landlock switched off", call: "landlock", errno: EOPNOTSUPP),
    ]

    @Test(.enabled(if: geteuid() == 0, "needs root to map all users"), arguments: SpawnMode.available)
    func `SV03 where no user namespace may be made there is no sandbox, and the refusal names the step`(
        mode: SpawnMode
    ) async throws {
        try await with(Lack(name: "", call: "namespaces", errno: 0), mode) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.shell(.tool, "echo ran") }
            let step = mode == .root ? "user namespace for id-maps" : "clone"
            #expect(error?.errno == ENOSPC && error?.step == step, "\(String(describing: error))")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a filter that a service manager has put on the host is not taken for PID 1's own`(
        mode: SpawnMode
    ) async throws {
        try await with(Lack(name: "", call: "none", errno: 0), mode) { fixture in
            for _ in 0..<5 {
                let report = try await fixture.shell(.tool, "true").report
                // To ask it of PID 1 would have made a namespace, and left none for a tier.
                #expect(report.process("init")?.userNamespaceErrno == -1)
                #expect(report.process("runner")?.userNamespaceErrno == EPERM)
                #expect(report.process("tool")?.userNamespaceErrno == EPERM)
            }
        }
    }

    /// Runs the body with a spawner on such a kernel.
    private func with<Result: Sendable>(
        _ lack: Lack,
        _ mode: SpawnMode,
        requiredLayers: Set<String> = [],
        _ body: @escaping @Sendable (SpawnFixture) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.lacking(in: directory)
            let wrapper = [program, lack.call, "\(lack.errno)", "\(lack.mask)"]
            return try await SpawnFixture.with(mode, wrapper: wrapper, requiredLayers: requiredLayers, body)
        }
    }

    @Test(arguments: SpawnMode.available, refused)
    func `SV03 without filters or user namespaces there is no sandbox, and the refusal names the step`(
        mode: SpawnMode,
        lack: Lack
    ) async throws {
        try await with(lack, mode) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.shell(.tool, "echo ran") }
            #expect(error?.step.contains(lack.step) == true, "\(String(describing: error))")
            #expect(error?.errno == lack.errno)
        }
    }

    @Test(arguments: SpawnMode.available, told)
    func `SV03 without Landlock the report says so, and where it is required the spawn is refused`(
        mode: SpawnMode,
        lack: Lack
    ) async throws {
        try await with(lack, mode) { fixture in
            let outcome = try await fixture.shell(.tool, "echo ran")
            #expect(outcome.output == "ran\n")
            #expect(outcome.report.landlockABI == 0)
            // The tool init is closed to itself as well, and cannot tell.
            #expect(outcome.report.process("runner")?.landlockDenies == false)
            #expect(outcome.report.degraded.contains { $0.hasPrefix("landlock: ") }, "\(outcome.report.degraded)")
        }
        try await with(lack, mode, requiredLayers: ["landlock"]) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.shell(.tool, "echo ran") }
            #expect(error?.step.hasPrefix("required layer landlock") == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `SV03 PS23 a limit of core dumps of 0 is raised to 1 by root, and told where it cannot be`(
        mode: SpawnMode
    ) async throws {
        let wrapper = ["/usr/bin/prlimit", "--core=0:0"]
        // Root in a container may lack CAP_SYS_RESOURCE.
        let mayRaise = try TestPrograms.run(wrapper + ["/usr/bin/prlimit", "--core=1:1", "/bin/true"]).status == 0
        let isRaised = mode == .root && mayRaise
        let report = try await SpawnFixture.with(mode, wrapper: wrapper) { try await $0.shell(.tool, "true").report }
        for role in ["runner", "tool"] {
            #expect(report.process(role)?.limits.last == (isRaised ? 1 : 0), "\(role)")
        }
        #expect(report.degraded.contains { $0.hasPrefix("core: ") } != isRaised, "\(report.degraded)")
    }

    @Test func `SV03 a layer that the policy requires and that is missing refuses the spawn`() async throws {
        let report = try await SpawnFixture.with(.rootless) { try await $0.spawner.probe() }
        // A machine may delegate cgroups to everybody.
        for layer in ["uids"] + (report.cgroup.isEmpty ? ["cgroup"] : []) {
            try await SpawnFixture.with(.rootless, requiredLayers: [layer]) { fixture in
                let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.probe() }
                #expect(error?.step.hasPrefix("required layer \(layer)") == true)
            }
        }
        #expect(report.degraded.contains { $0.hasPrefix("uids: ") })
        #expect(!report.degraded.contains { $0.hasPrefix("landlock: ") })
        let error = await #expect(throws: SandboxError.self) {
            try await SpawnFixture.with(.rootless, requiredLayers: ["armour"]) { try await $0.spawner.probe() }
        }
        #expect(error?.errno == EINVAL)
    }
}
