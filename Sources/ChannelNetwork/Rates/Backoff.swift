import Core

/// How long to wait before the next attempt: a random time between a floor and a limit that doubles with each failure
/// up to a ceiling (full jitter), small again after a time without failure.
package struct Backoff: Sendable {
    /// The shortest wait.
    package let floor: Duration
    /// The longest wait.
    package let ceiling: Duration
    /// A connection that held this long counts as good: the next failure begins anew.
    package let stableAfter: Duration

    /// Failures in a row.
    package private(set) var failures = 0
    private var upSince: Duration?

    /// A wait that has not failed yet.
    package init(
        floor: Duration = .seconds(1),
        ceiling: Duration = .seconds(120),
        stableAfter: Duration = .seconds(60)
    ) {
        self.floor = floor
        self.ceiling = max(floor, ceiling)
        self.stableAfter = stableAfter
    }

    /// Notes that it works since this monotonic time.
    package mutating func succeeded(at now: Duration) { if upSince == nil { upSince = now } }

    /// Notes a failure at this monotonic time and says how long to wait.
    package mutating func failed(at now: Duration) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return failed(at: now, using: &generator)
    }

    /// The same with randomness of the caller's.
    package mutating func failed(at now: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        if let upSince, now - upSince >= stableAfter { failures = 0 }
        upSince = nil
        failures += 1
        var limit = floor
        for _ in 0..<failures where limit < ceiling { limit = min(limit * 2, ceiling) }
        let room = (limit - floor).milliseconds
        return floor + .milliseconds(room > 0 ? Int64.random(in: 0...room, using: &generator) : 0)
    }
}
