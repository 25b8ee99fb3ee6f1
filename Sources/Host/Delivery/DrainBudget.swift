/// Bounds how often one session makes the host look at its files: at most 200 drains and 100 ms of
/// the processor a second.
///
/// Not of the clock: beside a hundred busy sessions a drain waits longer than it works, and a session that is held up by
/// the others has done nothing to be held up more.
struct DrainBudget: Sendable, Equatable {
    static let drains = 200
    static let work: Duration = .milliseconds(100)

    private var windowStart: Duration?
    private var drains = 0
    private var work: Duration = .zero

    /// How long to wait before a drain that would start at this monotonic time.
    mutating func pause(at now: Duration) -> Duration {
        guard let start = windowStart, now - start < .seconds(1) else {
            windowStart = now
            drains = 0
            work = .zero
            return .zero
        }
        return drains >= Self.drains || work >= Self.work ? start + .seconds(1) - now : .zero
    }

    /// A drain used this much of a processor.
    mutating func spent(_ time: Duration) {
        drains += 1
        work += time
    }
}
