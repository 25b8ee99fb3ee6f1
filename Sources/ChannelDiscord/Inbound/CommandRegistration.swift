import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Tells Discord once which slash commands there are, and again when they change.
actor CommandRegistration {
    private static let key = "commands"

    private let account: String
    private let api: DiscordAPI
    private let state: any ChannelState
    private let logger: Logger
    private var isDone = false

    init(account: String, api: DiscordAPI, state: any ChannelState, logger: Logger) {
        self.account = account
        self.api = api
        self.state = state
        self.logger = logger
    }

    /// Failures are logged: commands can be written as messages too.
    func register() async {
        guard !isDone else { return }
        isDone = true
        let json = SlashCommands.json
        do {
            guard try await state.value(Self.key) != json else { return }
            _ = try await api.ask(.commands(application: account), .json(json), patience: .seconds(30))
            try await state.set(Self.key, json)
        } catch {
            isDone = false
            guard !Task.isCancelled else { return }
            logger.warning("Discord does not take the slash commands", metadata: ["error": "\(error)"])
        }
    }
}
