import Glibc
import Testing

@testable import Sandbox

/// How many sandboxes may live at once: as many as the operator says.
@Suite(.timeLimit(.minutes(2)))
struct SpawnCountTests {
    /// Starts sandboxes that stay, in sessions of their own, and gives them to the body.
    private func fill(
        _ fixture: SpawnFixture,
        _ count: Int,
        beside living: [SandboxProcess] = [],
        _ body: ([SandboxProcess]) async throws -> Void
    ) async throws {
        guard count > 0 else { return try await body(living) }
        try await ScratchSession.with(home: fixture.home) { scratch in
            let request = scratch.request(.command(tier: .tool, argv: ["sleep", "600"]))
            let process = try await fixture.spawner.spawn(request)
            try await fill(fixture, count - 1, beside: living + [process], body)
        }
    }

    @Test(arguments: SpawnMode.available)
    func `more than sixty-four sandboxes live at once`(mode: SpawnMode) async throws {
        // The spawner holds three descriptors a sandbox, and helps itself to more than it is given to begin with.
        let wrapper = ["/usr/bin/prlimit", "--nofile=100:4096", "--"]
        try await SpawnFixture.with(mode, maximumSandboxes: 70, wrapper: wrapper) { fixture in
            try await fill(fixture, 70) { living in
                for process in living { process.kill() }
                for process in living { #expect(await process.waitForExit() == .signal(SIGKILL)) }
                // Their places are free again.
                let again = try await fixture.shell(.tool, "echo again")
                #expect(again.output == "again\n")
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `one sandbox over the limit is refused with the limit, and the others live on`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode, maximumSandboxes: 2) { fixture in
            try await fill(fixture, 2) { living in
                let error = await #expect(throws: SandboxError.self) { try await fill(fixture, 1) { _ in } }
                #expect(error?.errno == EAGAIN)
                #expect(error?.step.contains("room for 2") == true)
                for process in living { process.kill() }
                for process in living { #expect(await process.waitForExit() == .signal(SIGKILL)) }
            }
        }
    }

    @Test func `the host ids have room for twice the sandboxes, and a scratch spawner's are others`() {
        for most in [1, 32, 33, 1_125, 20_000] {
            let host = SandboxConfiguration(home: "/srv/n", binaries: "/b", maximumSandboxes: most)
            let scratch = host.forScratch()
            #expect(host.uids.count >= most * 8)
            #expect(host.uids.lowerBound >= 0x7000_0000 && host.uids.upperBound < 0x8000_0000)
            #expect(Int(scratch.uids.lowerBound - host.uids.lowerBound) >= most * 4)
            #expect(scratch.uids.upperBound == host.uids.upperBound)
        }
    }
}
