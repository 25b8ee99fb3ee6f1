package import Core

/// How an adapter's link stands: connected means that the platform was heard, or may call the host, not that a socket is
/// open.
package struct ChannelHealth: Sendable, Codable, Equatable {
    /// The state of the link.
    package enum State: String, Sendable, Codable {
        case connecting, connected, disconnected
    }

    package var state: State
    /// Why it is not connected, in words; with what to do about it where somebody must.
    package var detail: String?
    /// How events arrive: `long poll`, `gateway`, `socket mode`, `webhook`.
    package var transport: String?
    /// Since when the link has been in this state.
    package var since: Timestamp?
    /// When the platform was last heard, an empty answer to a poll or a heartbeat included.
    package var lastEvent: Timestamp?
    /// Events that the platform has told of and the host has not taken yet; nil where it does not say.
    package var backlog: Int?
    /// Nothing is sent before this time: the platform asked to wait.
    package var rateLimitedUntil: Timestamp?

    package init(
        state: State,
        detail: String? = nil,
        transport: String? = nil,
        since: Timestamp? = nil,
        lastEvent: Timestamp? = nil,
        backlog: Int? = nil,
        rateLimitedUntil: Timestamp? = nil
    ) {
        self.state = state
        self.detail = detail
        self.transport = transport
        self.since = since
        self.lastEvent = lastEvent
        self.backlog = backlog
        self.rateLimitedUntil = rateLimitedUntil
    }
}
