import Core
import Logging
import SessionStore
import SessionStoreHost

/// What the supervisor needs of the rest of the host to give a runner its surroundings.
struct RunnerEnvironment: Sendable {
    /// What a session is told and started with, read now; the instructions are composed.
    var prepare: @Sendable (SessionHandle) async throws -> (SessionProjection, SpawnInputs)
    /// Serves the sandbox's two listeners until cancelled.
    var serveEgress: @Sendable (any RunningSandbox, SessionHandle) async -> Void
    /// Keeps the runner's output until cancelled or its end.
    var keepOutput: @Sendable (any RunningSandbox, SessionHandle, Incarnation) async -> Void
    /// A datagram of the live events' socket.
    var liveEvent: @Sendable ([UInt8], SessionHandle) -> Void
    /// What a turn that was stopped was about, and why when no person did it.
    var announceStop: @Sendable ([MessageID], SessionHandle, String?) async -> Void
    /// The session is due at that time and has no runner.
    var due: @Sendable (Timestamp) -> Void
    /// The runner is gone, or could not be started: nobody is at work any more.
    var ended: @Sendable (SessionHandle) -> Void
    /// What the last runner left is settled: its rows have ended, or wait for the next.
    var settled: @Sendable (SessionHandle) async -> Void
}

/// Numbers of the supervisor.
package struct SupervisorSettings: Sendable {
    /// Runners that may live at once.
    package var maximumRunners = 32
    package var liveness = Liveness.Limits()
    /// Between looks at the ticks.
    package var lookEvery: Duration = .seconds(1)
    /// From asking a runner to end to ending it.
    package var teardown: Duration = .seconds(8)
    /// The longest a recovery of a hot journal may take.
    package var recovery: Duration = .seconds(10)

    package init() {}
}
