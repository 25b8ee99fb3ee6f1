/// Decides from ticks alone whether a runner lives.
///
/// All times are monotonic. A gap in the host's own looks restarts every deadline: after a suspend or a debugger nobody
/// is judged by time in which the host could not have heard them.
package struct Liveness: Sendable, Equatable {
    /// The deadlines.
    package struct Limits: Sendable, Equatable {
        /// From the start to the first sign of life.
        package var firstTick: Duration = .seconds(10)
        /// From one sign of life to the next.
        package var tick: Duration = .seconds(30)
        /// A pause between two looks of the host that is longer than this is a gap.
        package var gap: Duration = .seconds(5)

        package init() {}
    }

    /// What the host should do.
    package enum Verdict: Sendable, Equatable {
        case alive
        case neverStarted
        case silent
    }

    private let limits: Limits
    private var since: Duration
    private var lastLook: Duration
    /// Something has arrived from the runner.
    package private(set) var hasStarted = false

    /// A runner that was just spawned.
    package init(startedAt now: Duration, limits: Limits = Limits()) {
        self.limits = limits
        since = now
        lastLook = now
    }

    /// Something arrived on the bell.
    package mutating func heard(at now: Duration) {
        hasStarted = true
        since = now
    }

    /// Looks at the clock; to be called more often than `limits.gap`.
    package mutating func look(at now: Duration) -> Verdict {
        if now - lastLook > limits.gap { since = now }
        lastLook = now
        let silence = now - since
        if hasStarted { return silence > limits.tick ? .silent : .alive }
        return silence > limits.firstTick ? .neverStarted : .alive
    }
}
