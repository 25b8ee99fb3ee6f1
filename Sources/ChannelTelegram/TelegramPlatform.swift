package import ChannelKit
import ChannelNetwork
import Core

/// Telegram, by the Bot API.
package struct TelegramPlatform: ChannelPlatform {
    package let channel = TelegramChats.channel
    package let title = "Telegram"
    package let fields = [
        ChannelField("token", "The bot's token, as @BotFather gives it: 123456:ABC…", isSecret: true),
        ChannelField(
            "mode",
            "How messages arrive: poll, which needs nothing else, or webhook, which needs webhooks.url",
            standard: "poll"
        ),
        ChannelField(
            "api",
            "The Bot API server; another than Telegram's own is one that you run",
            standard: TelegramAPI.standardBase
        ),
        .drafts,
    ]

    /// The platform; it holds nothing.
    package init() {}

    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        let settings = try TelegramSettings(values, publicURL: tools.publicURL)
        let api = TelegramAPI(http: tools.http, base: settings.base, token: settings.token)
        let me: TelegramMe
        do {
            me = try await api.call("getMe", as: TelegramMe.self)
        } catch {
            switch error.code {
            case .unauthorized:
                throw ChannelSetupError(
                    .refused,
                    "token: \(settings.base) does not know it: send /token to @BotFather and copy all of its answer"
                )
            case .network, .server, .tooMany:
                throw ChannelSetupError(.unreachable, "api: \(settings.base) cannot be asked: \(error.message)")
            default: throw ChannelSetupError(.refused, "token: \(error.message)")
            }
        }
        guard me.isBot, me.id == settings.bot else {
            throw ChannelSetupError(.refused, "token: it belongs to \(me.id), which is another bot than it says")
        }
        return ChannelIdentity(account: "\(me.id)", title: me.username.map { "@\($0)" } ?? "\(me.id)")
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        let settings = try TelegramSettings(account.values, publicURL: tools.publicURL)
        guard "\(settings.bot)" == account.identity.account else {
            throw ChannelSetupError(
                .invalid,
                "token: it is of the bot \(settings.bot), and this account is \(account.identity.account): "
                    + "add another bot as an account of its own"
            )
        }
        return TelegramChannel(
            bot: TelegramBot(id: settings.bot, username: Self.username(account) ?? ""),
            api: TelegramAPI(http: tools.http, base: settings.base, token: settings.token),
            mode: settings.mode,
            drafts: settings.drafts,
            tools: tools
        )
    }

    /// Takes the webhook away, unless it is another program's by now: while it stands nobody can poll.
    package func end(_ account: ChannelAccount, _ tools: ChannelTools) async throws {
        guard account.values["mode"] == "webhook" else { return }
        let settings = try TelegramSettings(account.values, publicURL: tools.publicURL)
        let api = TelegramAPI(http: tools.http, base: settings.base, token: settings.token)
        let info = try await api.call("getWebhookInfo")
        let own = "\(tools.publicURL ?? "")/hooks/" + TelegramHook.folder(of: settings.bot)
        guard info[key: "url"]?.string?.hasPrefix(own) == true else { return }
        _ = try await api.call("deleteWebhook", ["drop_pending_updates": false])
    }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        guard let username = Self.username(account), (1...64).contains(code.utf8.count),
            code.utf8.allSatisfy(TelegramSettings.isWordByte)
        else { return nil }
        return "https://t.me/\(username)?start=\(code)"
    }

    private static func username(_ account: ChannelAccount) -> String? {
        account.identity.title.hasPrefix("@") ? String(account.identity.title.dropFirst()) : nil
    }
}

/// The values of an account, checked.
struct TelegramSettings: Sendable {
    let token: String
    /// The bot's id, which is the token's first part.
    let bot: Int64
    let mode: TelegramChannel.Mode
    /// The server, without a slash at its end.
    let base: String
    let drafts: DraftStyle

    /// `publicURL` is where the host's webhooks are reached from outside.
    init(_ values: ChannelValues, publicURL: String?) throws(ChannelSetupError) {
        let token = values["token"].trimmingWhiteSpace
        let parts = token.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let bot = Int64(parts[0]), bot > 0, "\(bot)" == parts[0],
            (8...100).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(Self.isWordByte)
        else {
            throw ChannelSetupError(
                .invalid,
                "token: it is no token of Telegram: those look like 123456:ABC-DEF…; send /token to @BotFather"
            )
        }
        self.token = token
        self.bot = bot
        drafts = try values.drafts(.ephemeral)
        base = try Self.address(values["api"].isEmpty ? TelegramAPI.standardBase : values["api"], "api")
        let isStandard = base == TelegramAPI.standardBase
        switch values["mode"] {
        case "", "poll": mode = .poll
        case "webhook":
            guard let publicURL else {
                throw ChannelSetupError(
                    .invalid,
                    "mode: a webhook needs a public address: set webhooks.url in the configuration, or take poll"
                )
            }
            let url = try Self.address(publicURL, "webhooks.url")
            // A server of one's own takes plain http within one's network.
            guard url.hasPrefix("https://") || !isStandard else {
                throw ChannelSetupError(
                    .invalid,
                    "webhooks.url: Telegram calls https addresses only, at port 443, 80, 88 or 8443"
                )
            }
            mode = .webhook(url: url)
        default:
            throw ChannelSetupError(
                .invalid,
                "mode: \"\(values["mode"].prefix(20))\" is unknown: write poll or webhook"
            )
        }
    }

    /// Letters, digits, `_` and `-`.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }

    private static func address(_ text: String, _ key: String) throws(ChannelSetupError) -> String {
        do {
            let address = try WebAddress(text)
            guard !address.target.contains("?") else {
                throw ChannelSetupError(.invalid, "\(key): write the address without what follows a ?")
            }
            var base = address.description
            while base.hasSuffix("/") { base.removeLast() }
            return base
        } catch let error as ChannelSetupError {
            throw error
        } catch {
            throw ChannelSetupError(.invalid, "\(key): \(error)")
        }
    }
}
