import ChannelNetwork
import Core

/// What a channel is, as far as addresses and texts need it.
struct ChannelFacts: Sendable, Equatable {
    /// Threads of announcement channels, public and private threads.
    private static let threads: Set<Int> = [10, 11, 12]

    var guild: String?
    /// The channel that a thread hangs from; nil for what is no thread.
    var parent: String?
    var name: String?

    init(guild: String?, parent: String? = nil, name: String? = nil) {
        self.guild = guild
        self.parent = parent
        self.name = name
    }

    init(_ channel: WireChannel, guild: String?) {
        self.guild = guild ?? channel.guildID
        parent = Self.threads.contains(channel.type) ? channel.parentID : nil
        name = channel.name
    }

    /// The address of the channel with this id.
    func address(of id: String) -> DiscordAddress {
        if let parent { return DiscordAddress(guild: guild, channel: parent, thread: id) }
        return DiscordAddress(guild: guild, channel: id)
    }
}

/// What roles of a server are called, and which is the bot's own.
struct GuildRoles: Sendable, Equatable {
    var names: [String: String]
    /// The role that came with the bot: people take it for the bot itself.
    var own: String?
}

/// Channels and roles, asked for once and kept within bounds; the gateway's news keep it fresh.
actor ChannelDirectory {
    private static let rolesLife: Duration = .seconds(600)

    private let api: DiscordAPI
    private let time: any TimeSource
    private var channels = BoundedCache<String, ChannelFacts>(most: 4096)
    private var roles = BoundedCache<String, (roles: GuildRoles, until: Duration)>(most: 64)

    init(api: DiscordAPI, time: any TimeSource) {
        self.api = api
        self.time = time
    }

    /// Takes what the gateway tells of a channel.
    func learn(_ channel: WireChannel, guild: String?) {
        guard let guild = guild ?? channel.guildID else { return }
        channels[channel.id] = ChannelFacts(channel, guild: guild)
    }

    /// Takes all channels and threads of a server.
    func learn(_ guild: WireGuild) {
        for channel in (guild.channels ?? []) + (guild.threads ?? []) { learn(channel, guild: guild.id) }
    }

    /// What a channel is in which something was said; a channel that cannot be seen is taken for no thread.
    ///
    /// Throws when Discord could not be asked.
    func facts(of id: String, guild: String?) async throws(DiscordError) -> ChannelFacts {
        guard let guild else { return ChannelFacts(guild: nil) }
        if let known = channels[id] { return known }
        let facts: ChannelFacts
        do {
            facts = ChannelFacts(try await api.channel(id), guild: guild)
        } catch {
            switch error.code {
            case .forbidden, .missing, .invalid, .unreadable: facts = ChannelFacts(guild: guild)
            default: throw error
            }
        }
        channels[id] = facts
        return facts
    }

    /// What a channel is called; nil when nobody says.
    func name(ofChannel id: String, guild: String) async -> String? {
        try? await facts(of: id, guild: guild).name
    }

    /// The roles of a server; nil when nobody says.
    func roles(of guild: String, bot: String) async -> GuildRoles? {
        if let known = roles[guild], known.until > time.monotonic { return known.roles }
        guard let told = try? await api.roles(of: guild) else { return roles[guild]?.roles }
        let found = GuildRoles(
            names: Dictionary(told.map { ($0.id, $0.name) }) { $1 },
            own: told.first { $0.tags?.botID == bot }?.id
        )
        roles[guild] = (found, time.monotonic + Self.rolesLife)
        return found
    }
}
