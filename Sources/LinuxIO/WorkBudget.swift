import Glibc

/// Bounds what one party can make this process do in each second: units of something, rounds or bytes, and time of a
/// processor.
///
/// Not of the clock: beside a hundred busy sessions a round waits longer than it works, and a session that is held up by
/// the others has done nothing to be held up more.
package struct WorkBudget: Sendable, Equatable {
    private let mostUnits: Int
    private let mostWork: Duration

    private var windowStart: Duration?
    private var units = 0
    private var work: Duration = .zero

    /// So many units and so much of a processor a second.
    package init(units: Int = .max, work: Duration = .milliseconds(100)) {
        mostUnits = units
        mostWork = work
    }

    /// How long to wait before work that would start at this monotonic time.
    package mutating func pause(at now: Duration) -> Duration {
        guard let start = windowStart, now - start < .seconds(1) else {
            windowStart = now
            units = 0
            work = .zero
            return .zero
        }
        return units >= mostUnits || work >= mostWork ? start + .seconds(1) - now : .zero
    }

    /// So many units used this much of a processor.
    package mutating func spent(_ time: Duration, units: Int = 1) {
        self.units += units
        work += time
    }

    /// Runs the body, which does not leave this thread, as one unit.
    package mutating func spending<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ThreadTime.nanoseconds
        defer { spent(.nanoseconds(ThreadTime.nanoseconds - start)) }
        return try body()
    }
}

/// The time that a processor has given to the calling thread (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID).
package enum ThreadTime {
    /// In nanoseconds, from the thread's start.
    package static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
