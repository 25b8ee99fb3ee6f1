/// When one chat is shown that its agent is at work; all times are monotonic.
struct TypingState: Sendable, Equatable {
    static let period: Duration = .seconds(4)
    static let grace: Duration = .seconds(15)
    static let pauseAfterDelivery: Duration = .seconds(10)

    private var startedAt: Duration
    private var pausedUntil: Duration?
    private var nextAt: Duration

    /// A message has engaged the agent.
    init(startedAt now: Duration) {
        startedAt = now
        nextAt = now
    }

    /// What to do at a look.
    enum Action: Sendable, Equatable { case show, wait, stop }

    /// Another message came: show at once, and give the runner its time again.
    mutating func inbound(at now: Duration) { self = TypingState(startedAt: now) }

    /// Something of the agent's has become visible.
    mutating func delivered(at now: Duration) { pausedUntil = now + Self.pauseAfterDelivery }

    /// Looks at the clock; `works` says whether the runner is heard and in a turn.
    mutating func look(at now: Duration, works: Bool) -> Action {
        guard now >= nextAt else { return .wait }
        guard works || now - startedAt < Self.grace else { return .stop }
        nextAt = now + Self.period
        if let pausedUntil, now < pausedUntil { return .wait }
        return .show
    }
}
