/// How much is allowed: `count` in each `period`, and as many at once after a pause.
package struct Rate: Sendable, Hashable {
    package let count: Int
    package let period: Duration
    /// How many may go at once after a pause.
    package let burst: Int

    /// Counts below 1 are taken as 1; without `burst` it is `count`.
    package init(_ count: Int, per period: Duration, burst: Int? = nil) {
        self.count = max(count, 1)
        self.period = period
        self.burst = max(burst ?? count, 1)
    }

    var interval: Duration { period / count }
}

/// A token bucket as one point of time (the generic cell rate algorithm): each use moves the point on by one interval.
package struct TokenBucket: Sendable, Hashable {
    private let rate: Rate
    /// When the bucket is full again.
    private var fullAt: Duration = .zero
    private var heldUntil: Duration = .zero

    /// A full bucket.
    package init(_ rate: Rate) { self.rate = rate }

    /// Takes a token, if need be one of the future, and says at which monotonic time it may be used.
    package mutating func reserve(at now: Duration) -> Duration {
        let due = max(now, heldUntil, fullAt - rate.interval * (rate.burst - 1))
        fullAt = max(fullAt, now) + rate.interval
        return due
    }

    /// Gives back a token that was reserved and not used.
    package mutating func refund() { fullAt -= rate.interval }

    /// Nothing goes before this time, and then one after the other at the rate, not in a burst.
    package mutating func hold(until time: Duration) {
        heldUntil = max(heldUntil, time)
        fullAt = max(fullAt, time + rate.interval * (rate.burst - 1))
    }

    /// True when forgetting the bucket changes nothing.
    package func isFull(at now: Duration) -> Bool { fullAt <= now && heldUntil <= now }

    /// When it is full again.
    var restsAt: Duration { max(fullAt, heldUntil) }
}
