package import Core
import Synchronization

/// Keeps an adapter's health, for an adapter that is asked for it at any time from any thread.
package final class HealthKeeper: Sendable {
    private let time: any TimeSource
    private let state: Mutex<ChannelHealth>

    /// The health of a link that is being made.
    package init(transport: String, time: any TimeSource) {
        self.time = time
        state = Mutex(ChannelHealth(state: .connecting, transport: transport, since: time.now))
    }

    /// How the link stands now.
    package var health: ChannelHealth {
        var health = state.withLock { $0 }
        if let end = health.rateLimitedUntil, end <= time.now { health.rateLimitedUntil = nil }
        return health
    }

    /// The platform was heard: the link stands.
    package func heard() {
        let now = time.now
        state.withLock { $0.lastEvent = now }
        connected()
    }

    /// The link stands, though nothing came by it: that of a platform that calls the host.
    package func connected() {
        let now = time.now
        state.withLock { health in
            guard health.state != .connected else { return }
            health.state = .connected
            health.since = now
            health.detail = nil
        }
    }

    /// The link is lost, or cannot be made; says why in words for the operator.
    package func lost(_ why: String) {
        let now = time.now
        state.withLock { health in
            if health.state != .disconnected { health.since = now }
            health.state = .disconnected
            health.detail = why
        }
    }

    /// How many events wait on the platform.
    package func waiting(_ count: Int?) { state.withLock { $0.backlog = count } }

    /// The platform asked to wait for this long before anything more is sent.
    package func limited(for pause: Duration) {
        let end = time.now + pause
        state.withLock { $0.rateLimitedUntil = end }
    }
}
