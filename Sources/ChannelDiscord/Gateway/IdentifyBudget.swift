/// How often new sessions may begin: one each five seconds, and so many a day
/// (<https://discord.com/developers/docs/events/gateway#session-start-limit-object>).
struct IdentifyBudget: Sendable, Equatable {
    private static let spacing: Duration = .seconds(5)

    private var last: Duration?

    /// How long to wait before the next session, given what the platform says is left of today's; takes the place.
    mutating func reserve(at now: Duration, remaining: Int?, resetAfter: Duration?) -> Duration {
        if let remaining, remaining < 1 { return max(resetAfter ?? .seconds(3600), .seconds(1)) }
        let start = last.map { max(now, $0 + Self.spacing) } ?? now
        last = start
        return start - now
    }
}
