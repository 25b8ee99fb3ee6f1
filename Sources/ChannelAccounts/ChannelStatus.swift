package import ChannelKit

/// How one adapter stands.
package struct ChannelStatus: Codable, Sendable, Equatable {
    /// What the operator calls the account; the channel's own name where there are no accounts.
    package var name: String
    package var channel: String
    /// The platform's id of the account; nil where there are none.
    package var account: String?
    /// What the platform calls the account.
    package var title: String?
    package var health: ChannelHealth
    /// Starts since the host's own, the first included.
    package var starts: Int
    /// Why it ended last; nil when it never did.
    package var lastError: String?

    package init(
        name: String,
        channel: String,
        account: String? = nil,
        title: String? = nil,
        health: ChannelHealth,
        starts: Int,
        lastError: String?
    ) {
        self.name = name
        self.channel = channel
        self.account = account
        self.title = title
        self.health = health
        self.starts = starts
        self.lastError = lastError
    }
}
