import ChannelNetwork
import Core
import Synchronization

/// Discord's REST API for one bot (<https://discord.com/developers/docs/reference>).
struct DiscordAPI: Sendable {
    /// What Discord demands of clients.
    static let agent = "DiscordBot (https://github.com/nanocoai/nanoclaw, 1)"
    /// After a 401 nothing is asked for this long: too many of them shut the address out.
    static let refusedPause: Duration = .seconds(240)

    private struct State: Sendable {
        var buckets = RateBuckets()
        /// Until when nothing is asked, because the token does not count.
        var refusedUntil: Duration?
    }

    private final class Shared: Sendable { let state = Mutex(State()) }

    let base: String
    private let token: String
    private let http: HTTPPool
    private let time: any TimeSource
    private let shared = Shared()

    /// `base` without a slash at its end: `https://discord.com/api/v10`.
    init(base: String, token: String, http: HTTPPool, time: any TimeSource) {
        self.base = base
        self.token = token
        self.http = http
        self.time = time
    }

    /// The answer of 2xx to a request, which waits up to `patience` for its turn.
    ///
    /// Throws `limited` with the rest when its turn is later, and for a 429 with what the platform says.
    func ask(
        _ route: DiscordRoute,
        _ body: HTTPCall.Body = .none,
        patience: Duration = .seconds(5),
        deadline: Duration = .seconds(20)
    ) async throws(DiscordError) -> HTTPReply {
        try await turn(of: route, patience)
        var headers: HeaderList = ["User-Agent": Self.agent]
        if !route.isInteraction { headers["Authorization"] = "Bot \(token)" }
        let call = HTTPCall(
            route.method,
            base + route.path,
            headers: headers,
            body: body,
            deadline: deadline,
            redacting: route.isInteraction ? [token, route.path] : [token]
        )
        let reply: HTTPReply
        do {
            reply = try await http.request(call)
        } catch {
            throw DiscordError(error, route)
        }
        return try checked(reply, route)
    }

    /// The same, read as a type.
    func ask<Value: Decodable>(
        _ route: DiscordRoute,
        _ body: HTTPCall.Body = .none,
        as type: Value.Type,
        patience: Duration = .seconds(5),
        deadline: Duration = .seconds(20)
    ) async throws(DiscordError) -> Value {
        let reply = try await ask(route, body, patience: patience, deadline: deadline)
        do {
            return try JSONText.decode(type, reply.body)
        } catch {
            throw DiscordError(.unreadable, "Discord's answer to \(route.name) cannot be read: \(error)")
        }
    }

    /// The gateway has taken the token: requests go again.
    func accepted() { shared.state.withLock { $0.refusedUntil = nil } }

    private func turn(of route: DiscordRoute, _ patience: Duration) async throws(DiscordError) {
        let end = time.monotonic + patience
        while true {
            let now = time.monotonic
            let permit = try shared.state.withLock { state throws(DiscordError) in
                if let until = state.refusedUntil, until > now, !route.isInteraction {
                    throw DiscordError(.unauthorized, DiscordWords.refusedToken)
                }
                return state.buckets.reserve(route, at: now)
            }
            switch permit {
            case .go(let start):
                try await sleep(until: start)
                return
            case .ask(let at):
                guard at <= end else {
                    throw DiscordError(.limited(at - now), "Discord's limit for \(route.name) is used up")
                }
                try await sleep(until: at)
            }
        }
    }

    private func sleep(until deadline: Duration) async throws(DiscordError) {
        guard deadline > time.monotonic else { return }
        do { try await time.sleep(until: deadline) } catch {
            throw DiscordError(.cancelled, "The request was cancelled")
        }
    }

    private func checked(_ reply: HTTPReply, _ route: DiscordRoute) throws(DiscordError) -> HTTPReply {
        let now = time.monotonic
        let told = RateBuckets.Told(reply.headers)
        let isShared = reply.headers["x-ratelimit-scope"] == "shared"
        let limit = reply.status == 429 ? Limit(reply, now: time.now) : nil
        shared.state.withLock { state in
            state.buckets.learned(told, of: route, at: now)
            if [401, 403, 429].contains(reply.status), !isShared { state.buckets.refused(at: now) }
            if let limit { state.buckets.limited(route, for: limit.delay, isGlobal: limit.isGlobal, at: now) }
            if !route.isInteraction {
                state.refusedUntil = reply.status == 401 ? now + Self.refusedPause : nil
            }
        }
        if let limit {
            let seconds = "\(limit.delay.milliseconds) ms"
            throw DiscordError(.limited(limit.delay), "Discord asks to wait \(seconds) before \(route.name)")
        }
        guard reply.isSuccess else { throw DiscordError(reply, route) }
        return reply
    }
}

/// What a 429 says: the body is exact, the header is in whole seconds and also comes from the proxy in front.
private struct Limit {
    private struct Body: Decodable {
        var retryAfter: Double?
        var isGlobal: Bool?

        enum CodingKeys: String, CodingKey {
            case retryAfter = "retry_after"
            case isGlobal = "global"
        }
    }

    let delay: Duration
    let isGlobal: Bool

    init(_ reply: HTTPReply, now: Timestamp) {
        let body = try? JSONText.decode(Body.self, reply.body)
        let told = body?.retryAfter.flatMap { seconds -> Duration? in
            guard seconds.isFinite, seconds >= 0 else { return nil }
            return .milliseconds(Int64((min(seconds, 86_400 * 366) * 1000).rounded(.up)))
        }
        delay = told ?? reply.retryAfter?.wait(now: now) ?? .seconds(5)
        isGlobal = body?.isGlobal ?? (reply.headers["x-ratelimit-global"] != nil)
    }
}
