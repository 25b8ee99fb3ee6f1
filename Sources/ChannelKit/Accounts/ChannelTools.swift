package import ChannelNetwork
package import Core
package import Logging

/// What the host lends to adapters.
package struct ChannelTools: Sendable {
    /// The one HTTP client of all channels.
    package var http: HTTPPool
    /// The one HTTP listener, for platforms that call the host.
    package var webhooks: WebhookListener
    /// Opens WebSockets to platforms that push events.
    package var sockets: WebSocketClient
    /// What the adapter must remember: a poll's offset, a sync's token.
    package var state: any ChannelState
    /// Where files that came in are kept until the host has taken their message.
    package var media: MediaFolder
    /// A folder of this account alone, mode 0700, for what fits no ``ChannelState``; absolute.
    package var folder: String
    /// Told of the account's own messages that the platform shows it: what `channels test` waits for.
    package var echoes: EchoDesk
    /// Where platforms reach ``webhooks`` from outside, without a slash at its end; nil when nobody has said.
    package var publicURL: String?
    /// Says something to whoever is adding the account, while ``ChannelPlatform/identify(_:_:)`` runs.
    package var tell: @Sendable (String) async -> Void = { _ in }
    /// The accounts of the platform that the home has already, for ``ChannelPlatform/identify(_:_:)``: one that changes
    /// something at the platform looks at them first.
    package var takenAccounts: Set<String> = []
    package var time: any TimeSource
    package var logger: Logger

    package init(
        http: HTTPPool,
        webhooks: WebhookListener,
        sockets: WebSocketClient,
        state: any ChannelState,
        media: MediaFolder,
        folder: String,
        echoes: EchoDesk = EchoDesk(),
        publicURL: String? = nil,
        time: any TimeSource,
        logger: Logger
    ) {
        self.http = http
        self.webhooks = webhooks
        self.sockets = sockets
        self.state = state
        self.media = media
        self.folder = folder
        self.echoes = echoes
        self.publicURL = publicURL
        self.time = time
        self.logger = logger
    }
}

/// What one account remembers across restarts, by key; small texts.
package protocol ChannelState: Sendable {
    func value(_ key: String) async throws -> String?

    /// Durable when it returns; nil forgets the key.
    func set(_ key: String, _ value: String?) async throws
}

/// A state that ends with the process: for tests, and for accounts that are only looked at.
package actor MemoryChannelState: ChannelState {
    private var values: [String: String]

    package init(_ values: [String: String] = [:]) { self.values = values }

    package func value(_ key: String) -> String? { values[key] }

    package func set(_ key: String, _ value: String?) { values[key] = value }
}
