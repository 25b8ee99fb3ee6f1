import ChannelKit
import ChannelNetwork
import ChatMarkdown
import Core
import Logging
import Synchronization

/// One bot on Discord.
final class DiscordAdapter: ChannelAdapter {
    /// Discord shows it for ten seconds.
    private static let typingInterval: Duration = .seconds(7)
    /// Discord compares a nonce with those of "the past few minutes"
    /// (<https://discord.com/developers/docs/resources/message#create-message>), and says no number.
    private static let nonceLifetime: Duration = .seconds(120)
    /// In a channel where the bot may not write nothing is shown for this long.
    private static let typingPause: Duration = .seconds(600)

    let channel = DiscordAddress.channelName
    let account: String?
    let capabilities: ChannelCapabilities

    private let application: String
    private let token: String
    private let api: DiscordAPI
    private let rule: HostRule
    private let fileRule: HostRule
    private let tools: ChannelTools
    private let keeper: HealthKeeper
    private let postman: Postman
    /// When typing may be shown next, by channel.
    private let typing = Mutex(BoundedCache<String, Duration>(most: 512))

    init(_ account: ChannelAccount, _ settings: DiscordSettings, _ tools: ChannelTools) throws(ChannelSetupError) {
        application = account.identity.account
        self.account = account.identity.account
        token = settings.token
        capabilities = ChannelCapabilities(
            threads: true,
            edits: true,
            reactions: true,
            idempotencyKeys: true,
            keyLifetime: Self.nonceLifetime,
            files: true,
            privateChats: true,
            typing: true,
            buttons: true,
            drafts: settings.drafts,
            echoes: true,
            text: TextRules(limit: 2_000, unit: .scalars, dialect: .discord),
            largestFile: 10 << 20
        )
        api = settings.api(tools)
        rule = try settings.rule(hosts: DiscordSettings.gatewayHosts)
        fileRule = try settings.rule(hosts: FileFetcher.hosts)
        self.tools = tools
        keeper = HealthKeeper(transport: "gateway", time: tools.time)
        postman = Postman(
            api: api,
            health: keeper,
            forums: ForumPosts(state: tools.state, logger: tools.logger),
            time: tools.time
        )
    }

    var health: ChannelHealth { keeper.health }

    func run(_ inbox: any ChannelInbox) async throws {
        let store = GatewayStore(state: tools.state, logger: tools.logger)
        let (session, recent) = try await store.load()
        let receiver = Receiver(
            account: application,
            api: api,
            directory: ChannelDirectory(api: api, time: tools.time),
            inbox: inbox,
            tools: tools,
            files: FileFetcher(http: tools.http, media: tools.media, rule: fileRule, time: tools.time),
            recent: recent
        )
        let link = GatewayLink(
            token: token,
            rule: rule,
            api: api,
            receiver: receiver,
            store: store,
            commands: CommandRegistration(account: application, api: api, state: tools.state, logger: tools.logger),
            health: keeper,
            tools: tools,
            session: session
        )
        defer { keeper.lost("The account is not running") }
        try await link.run()
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let address = try DiscordAddress(message.address, account: application)
        var capabilities = self.capabilities
        if case .card(let card) = message.body { capabilities.buttons = Button.canShow(card) }
        return try await OutgoingParts(message, for: capabilities).send(from: message.partsDone, time: tools.time) {
            part throws(PartFailure) in
            try await postman.hand(part, of: message.idempotencyKey, to: address)
        }
    }

    func setTyping(_ address: ChatAddress) async {
        guard let target = (try? DiscordAddress(address, account: application))?.target else { return }
        let now = tools.time.monotonic
        let isDue = typing.withLock { typing in
            guard typing[target].map({ $0 <= now }) ?? true else { return false }
            typing[target] = now + Self.typingInterval
            return true
        }
        guard isDue else { return }
        do {
            _ = try await api.ask(.typing(target), patience: .zero, deadline: .seconds(5))
        } catch {
            switch error.code {
            case .forbidden, .missing: typing.withLock { $0[target] = now + Self.typingPause }
            default: break
            }
        }
    }

    func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel, Snowflake.isValid(user.native) else { return nil }
        do {
            let chat = try await api.openDM(with: user.native)
            return DiscordAddress(guild: nil, channel: chat).chat(account: application)
        } catch {
            throw error.asChannelError()
        }
    }

    func isNativeID(_ text: String) -> Bool { Snowflake.isValid(text) && text.utf8.count >= 15 }

    /// Looks for a user name among the members of the bot's servers.
    func nativeID(of handle: String) async throws -> String? {
        let name = handle.utf8.first == UInt8(ascii: "@") ? String(handle.unicodeScalars.dropFirst()) : handle
        guard (2...32).contains(name.utf8.count) else { return nil }
        do {
            for guild in try await api.guilds().prefix(10) {
                let found = try await api.members(of: guild, named: name).compactMap(\.user)
                // The search goes by the beginning and by nicknames too; a user name is nobody else's.
                if let user = found.first(where: { $0.username?.lowercased() == name.lowercased() }) { return user.id }
            }
            return nil
        } catch {
            throw error.asChannelError()
        }
    }
}

extension CodedError where Kind == DiscordFailure {
    /// What it means for something that was to be sent; `isRepeatable` when done twice it is as done once.
    func asChannelError(isRepeatable: Bool = true) -> ChannelError {
        let code: ChannelError.Code =
            switch self.code {
            case .unauthorized, .unreachable: .notConnected
            case .limited(let delay): .rateLimited(retryAfter: delay)
            case .forbidden, .missing, .invalid, .tooLarge: .rejected
            case .server: .transient
            case .uncertain, .cancelled, .unreadable: isRepeatable ? .transient : .noAnswer
            }
        return ChannelError(code, message)
    }
}
