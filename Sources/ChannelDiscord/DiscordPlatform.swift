package import ChannelKit
import ChannelNetwork
import Core

/// Discord: bots over the gateway and the REST API, version 10 (<https://discord.com/developers/docs>).
package struct DiscordPlatform: ChannelPlatform {
    package let channel = DiscordAddress.channelName
    package let title = "Discord"

    package let fields = [
        ChannelField(
            "token",
            "the bot's token, from \(DiscordWords.portal) (the application, Bot, Reset Token)",
            isSecret: true
        ),
        ChannelField(
            "api",
            "the base URL of the API, for another server than Discord's",
            standard: DiscordSettings.standardAPI
        ),
        .drafts,
    ]

    package init() {}

    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        let api = try DiscordSettings(values).api(tools)
        let user: WireUser
        let application: WireApplication
        do {
            user = try await api.me()
            application = try await api.application()
        } catch {
            switch error.code {
            case .unauthorized: throw ChannelSetupError(.refused, DiscordWords.refusedToken)
            case .forbidden, .missing, .invalid:
                throw ChannelSetupError(.refused, "\(error.message): check that \"api\" is Discord's API")
            default: throw ChannelSetupError(.unreachable, error.message)
            }
        }
        guard user.bot == true else {
            throw ChannelSetupError(
                .refused,
                "This token is a person's, and Discord forbids programs to use one: add a bot at \(DiscordWords.portal)"
            )
        }
        guard application.mayReadMessages else { throw ChannelSetupError(.refused, DiscordWords.missingIntent) }
        guard Snowflake.isValid(application.id) else {
            throw ChannelSetupError(.refused, "The API tells no application: check that \"api\" is Discord's API")
        }
        return ChannelIdentity(account: application.id, title: "@\(user.username ?? application.name ?? user.id)")
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        try DiscordAdapter(account, DiscordSettings(account.values), tools)
    }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        "send \(code) to \(account.identity.title) as a direct message, from a server that the bot is in; to bring it into one"
            + " open https://discord.com/oauth2/authorize?client_id=\(account.identity.account)"
            + "&scope=bot+applications.commands&permissions=\(Self.permissions)"
    }

    /// View channels, send messages (in threads too), embed links, attach files, read the history, add reactions.
    private static let permissions = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 6
}
