import ChannelNetwork

/// Discord's limits as its answers tell them: a bucket for each kind of request and channel, one for all requests, and the
/// count of refusals that would shut the address out (<https://discord.com/developers/docs/topics/rate-limits>).
struct RateBuckets: Sendable {
    /// When a request may go.
    enum Permit: Sendable, Equatable {
        /// At this time, and without asking again.
        case go(at: Duration)
        /// Not before this time; then it is to be asked for again.
        case ask(at: Duration)
    }

    /// What an answer says of its bucket.
    struct Told: Sendable, Equatable {
        var bucket: String?
        var limit: Int?
        var remaining: Int?
        var resetAfter: Duration?

        init(bucket: String? = nil, limit: Int? = nil, remaining: Int? = nil, resetAfter: Duration? = nil) {
            self.bucket = bucket
            self.limit = limit
            self.remaining = remaining
            self.resetAfter = resetAfter
        }

        init(_ headers: HeaderList) {
            bucket = headers["x-ratelimit-bucket"]
            limit = headers["x-ratelimit-limit"].flatMap { Int($0) }
            remaining = headers["x-ratelimit-remaining"].flatMap { Int($0) }
            resetAfter = headers["x-ratelimit-reset-after"].flatMap { RetryAfter($0) }.flatMap {
                if case .delay(let delay) = $0 { delay } else { nil }
            }
        }
    }

    private struct Bucket: Sendable {
        var limit = 1
        var remaining = 1
        var resetAt: Duration
        /// How long a window lasts, as far as is known.
        var window: Duration = .seconds(1)
        /// The window was begun here; no answer has told its end yet.
        var isGuess = false
        /// The platform has refused a request: nothing goes before this time.
        var heldUntil: Duration = .zero

        func rests(at now: Duration) -> Bool { resetAt <= now && heldUntil <= now }
    }

    private struct Key: Sendable, Hashable {
        var bucket: String
        var major: String
    }

    /// Requests a second that the platform takes of one bot.
    private static let together = Rate(50, per: .seconds(1))
    private static let most = 2048
    /// Refusals in ``window`` after which nothing is asked any more; at 10 000 the platform shuts the address out.
    private static let mostRefusals = 2_000
    private static let window: Duration = .seconds(600)

    private var all = TokenBucket(Self.together)
    private var allHeldUntil: Duration = .zero
    private var names: [String: String] = [:]
    private var buckets: [Key: Bucket] = [:]
    private var refusals = 0
    private var refusalsSince: Duration = .zero

    init() {}

    /// Takes a place for a request, or says when to ask again.
    mutating func reserve(_ route: DiscordRoute, at now: Duration) -> Permit {
        let key = key(route)
        if var bucket = buckets[key] {
            if bucket.heldUntil > now { return .ask(at: bucket.heldUntil) }
            if bucket.resetAt <= now {
                bucket.remaining = bucket.limit
                bucket.resetAt = now + bucket.window
                bucket.isGuess = true
            }
            guard bucket.remaining > 0 else { return .ask(at: bucket.resetAt) }
            guard allHeldUntil <= now || route.isInteraction else { return .ask(at: allHeldUntil) }
            bucket.remaining -= 1
            buckets[key] = bucket
        } else if !route.isInteraction, allHeldUntil > now {
            return .ask(at: allHeldUntil)
        }
        return .go(at: route.isInteraction ? now : all.reserve(at: now))
    }

    /// An answer has told how its bucket stands.
    mutating func learned(_ told: Told, of route: DiscordRoute, at now: Duration) {
        // Each interaction has a bucket of its own, which nobody asks for again.
        guard !route.isInteraction, let remaining = told.remaining, let resetAfter = told.resetAfter else { return }
        if let name = told.bucket { names[route.name] = name }
        let key = key(route)
        if buckets[key] == nil { makeRoom(at: now) }
        var bucket = buckets[key] ?? Bucket(resetAt: now)
        bucket.limit = max(told.limit ?? bucket.limit, 1)
        let resetAt = now + resetAfter
        // Answers overtake each other: of one window the lowest count is the newest.
        let isSame = bucket.isGuess || resetAt < bucket.resetAt + .milliseconds(250)
        bucket.remaining = isSame ? min(bucket.remaining, remaining) : remaining
        if remaining == bucket.limit - 1 { bucket.window = max(resetAfter, .milliseconds(100)) }
        bucket.resetAt = resetAt
        bucket.isGuess = false
        buckets[key] = bucket
    }

    /// The platform has refused a request as one too many, for its bucket or for all.
    mutating func limited(_ route: DiscordRoute, for delay: Duration, isGlobal: Bool, at now: Duration) {
        if isGlobal {
            allHeldUntil = max(allHeldUntil, now + delay)
            return
        }
        guard !route.isInteraction else { return }
        let key = key(route)
        if buckets[key] == nil { makeRoom(at: now) }
        var bucket = buckets[key] ?? Bucket(resetAt: now)
        bucket.heldUntil = max(bucket.heldUntil, now + delay)
        bucket.resetAt = max(min(bucket.resetAt, now + delay), now)
        buckets[key] = bucket
    }

    /// The platform has answered with 401, 403 or 429; too many of them stop everything for the rest of ten minutes.
    mutating func refused(at now: Duration) {
        if now - refusalsSince > Self.window {
            refusals = 0
            refusalsSince = now
        }
        refusals += 1
        if refusals >= Self.mostRefusals { allHeldUntil = max(allHeldUntil, refusalsSince + Self.window) }
    }

    private func key(_ route: DiscordRoute) -> Key { Key(bucket: names[route.name] ?? route.name, major: route.major) }

    private mutating func makeRoom(at now: Duration) {
        guard buckets.count >= Self.most else { return }
        buckets = buckets.filter { !$0.value.rests(at: now) }
        guard buckets.count >= Self.most else { return }
        let order = buckets.sorted {
            max($0.value.resetAt, $0.value.heldUntil) < max($1.value.resetAt, $1.value.heldUntil)
        }
        for (key, _) in order.prefix(Self.most / 4) { buckets[key] = nil }
    }
}
