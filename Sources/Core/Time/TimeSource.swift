#if canImport(Glibc)
import Glibc
#endif

/// Where the time comes from; tests hand in one that they turn by hand.
package protocol TimeSource: Sendable {
    /// Wall time, for what people and platforms mean by it.
    var now: Timestamp { get }

    /// Time since an arbitrary start that never steps and does not run while the machine sleeps
    /// (`CLOCK_MONOTONIC`): for deadlines and liveness.
    var monotonic: Duration { get }

    /// Returns once `monotonic` has reached the deadline; throws when the task is cancelled.
    func sleep(until deadline: Duration) async throws
}

extension TimeSource {
    /// Returns after this much monotonic time; throws when the task is cancelled.
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: monotonic + duration)
    }
}

/// The machine's clocks.
package struct SystemTime: TimeSource {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package var monotonic: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    package func sleep(until deadline: Duration) async throws {
        let rest = deadline - monotonic
        if rest > .zero { try await Task.sleep(for: rest) }
    }
}
