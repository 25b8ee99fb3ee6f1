package import LinuxIO
package import Sandbox

/// A sandbox that was just spawned; tests hand in one that plays a runner on real session files.
package protocol RunningSandbox: Sendable {
    /// PID 1 as the host sees it.
    var pid: Int32 { get }
    var startTime: UInt64 { get }
    var bootID: String { get }
    var report: IsolationReport { get }
    var bell: PacketSocket { get }
    var events: PacketSocket { get }
    var modelListener: Descriptor { get }
    var toolListener: Descriptor { get }
    var output: Descriptor { get }
    var errorOutput: Descriptor { get }
    /// How the runner ended; returns when PID 1 is dead, and with it everything inside.
    func waitForExit() async -> SandboxExit
    /// Asks the runner to end by its teardown sequence.
    func terminate()
    /// Ends everything inside at once.
    func kill()
}

/// Where sandboxes come from.
package protocol SandboxSpawning: Sendable {
    /// The finished sandbox; throws naming the step that failed, with nothing left of it.
    func start(_ request: SandboxRequest) async throws -> any RunningSandbox
    /// What the sandbox with that PID 1 holds beyond what its folders show; nil where nobody can tell.
    func holdings(of pid: Int32) async -> SandboxHoldings?
    /// Runs until cancelled.
    func run() async throws
}

extension SandboxProcess: RunningSandbox {}

extension SandboxSpawner: SandboxSpawning {
    package func start(_ request: SandboxRequest) async throws -> any RunningSandbox { try await spawn(request) }
}
