/// At most that many requests of one session a minute; further ones wait for the next.
package struct RequestBudget: Sendable, Equatable {
    package static let perMinute = 300

    private var windowStart: Duration?
    private var count = 0

    package init() {}

    /// Takes one at this time of the monotonic clock; answers how long it has to wait when there is none left.
    package mutating func take(at now: Duration) -> Duration? {
        if windowStart.map({ now - $0 >= .seconds(60) }) ?? true {
            windowStart = now
            count = 0
        }
        guard count < Self.perMinute else { return .seconds(60) - (now - (windowStart ?? now)) }
        count += 1
        return nil
    }
}
