import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// Hands over to the host what the gateway tells; each call returns when the host has it.
final class Receiver: Sendable {
    /// Who is told, and where an event stands.
    struct Place: Sendable, Equatable {
        /// The gateway's session.
        var session: String
        var seq: Int
        /// The bot's own user.
        var bot: String
    }

    let account: String
    let api: DiscordAPI
    let directory: ChannelDirectory
    let inbox: any ChannelInbox
    let tools: ChannelTools
    let files: FileFetcher
    private let memory = Mutex(MessageMemory())
    private let recent: Mutex<RecentChats>
    /// Servers that the bot is in; nil before the first READY of this life.
    private let guilds = Mutex<Set<String>?>(nil)

    init(
        account: String,
        api: DiscordAPI,
        directory: ChannelDirectory,
        inbox: any ChannelInbox,
        tools: ChannelTools,
        files: FileFetcher,
        recent: RecentChats
    ) {
        self.account = account
        self.api = api
        self.directory = directory
        self.inbox = inbox
        self.tools = tools
        self.files = files
        self.recent = Mutex(recent)
    }

    /// Channels to look into when messages were missed.
    var recentChats: RecentChats { recent.withLock { $0 } }

    /// Takes an event; throws only when the task is cancelled.
    func take(_ event: GatewayEvent, _ place: Place) async throws {
        switch event {
        case .ready(let ready): guilds.withLock { $0 = Set((ready.guilds ?? []).map(\.id)) }
        case .message(let message): try await take(message, place)
        case .updated(let message): try await update(message, place)
        case .deleted(let deletion): try await delete(deletion)
        case .reaction(let reaction, let isAdded): try await react(reaction, isAdded, place)
        case .guild(let guild): try await enter(guild)
        case .guildGone(let guild): try await leave(guild, place)
        case .channel(let channel): await directory.learn(channel, guild: nil)
        case .unreadable(let name, let reason):
            tools.logger.error(
                "An event of Discord cannot be read and is passed over",
                metadata: ["account": "\(account)", "event": "\(name)", "place": "\(reason)"]
            )
        case .interaction, .resumed, .other: return
        }
    }

    /// Repeats the body until it succeeds; throws only when the task is cancelled.
    func persist<Value>(_ what: String, _ body: () async throws -> Value) async throws -> Value {
        var backoff = Backoff(floor: .milliseconds(200), ceiling: .seconds(60))
        while true {
            do {
                return try await body()
            } catch {
                try Task.checkCancellation()
                tools.logger.error(
                    "The host could not take what Discord told; it is handed over again",
                    metadata: ["account": "\(account)", "what": "\(what)", "error": "\(error)"]
                )
                try await tools.time.sleep(for: backoff.failed(at: tools.time.monotonic))
            }
        }
    }

    /// What a channel is, asked for as often as it takes.
    func facts(of channel: String, guild: String?) async throws -> ChannelFacts {
        try await persist("channel") { try await directory.facts(of: channel, guild: guild) }
    }

    // MARK: - Messages

    private func take(_ message: WireMessage, _ place: Place) async throws {
        guard message.author?.id != place.bot else {
            tools.echoes.saw(message.id)
            recent.withLock { $0.passed(message.id, in: message.channelID) }
            return
        }
        guard WireMessage.written.contains(message.type ?? 0) else { return }
        try await take(message, try await facts(of: message.channelID, guild: message.guildID), place)
    }

    private func take(_ message: WireMessage, _ facts: ChannelFacts, _ place: Place) async throws {
        crashPoint("channel.discord-received")
        let reading = await reading(message, guild: facts.guild, place)
        guard var event = reading.event(message, in: facts.address(of: message.channelID)) else { return }
        let isVoice = (message.flags ?? 0) & WireMessage.voiceFlag != 0
        let text = event.content.text
        // Each time anew: what there was no room for may come with the next.
        try await persist("message") {
            let fetched = try await files.fetch(MessageReading.files(message), isVoice: isVoice)
            if !fetched.files.isEmpty { crashPoint("channel.discord-fetched") }
            event.attachments = fetched.files
            event.content.text = ([text] + fetched.notes).filter { !$0.isEmpty }.joined(separator: "\n")
            do {
                try await inbox.accept(event)
            } catch {
                await tools.media.remove(fetched.files)
                throw error
            }
            await tools.media.remove(fetched.files)
        }
        crashPoint("channel.discord-taken")
        memory.withLock { $0.saw(message) }
        recent.withLock { $0.took(message.id, in: message.channelID, facts) }
    }

    private func update(_ message: WireMessage, _ place: Place) async throws {
        guard let author = message.author, author.id != place.bot, WireMessage.written.contains(message.type ?? 0),
            let stamp = message.editedTimestamp, memory.withLock({ $0.isEdit(message) })
        else { return }
        let facts = try await facts(of: message.channelID, guild: message.guildID)
        let address = facts.address(of: message.channelID)
        let reading = await reading(message, guild: facts.guild, place)
        let change = ChatChange(
            .edited(platformMessageID: message.id, text: reading.text(message)),
            address: address.chat(account: account),
            isGroup: address.isGroup,
            senderNativeID: author.id,
            senderName: message.member?.nick ?? author.name,
            isBot: author.isProgram || message.webhookID != nil,
            isMention: reading.isMention(message) || !address.isGroup,
            dedupKey: "edit:\(message.id):\(stamp)",
            at: tools.time.now
        )
        try await persist("edit") { try await inbox.note(change) }
        memory.withLock { $0.saw(message) }
    }

    private func delete(_ deletion: WireDeletion) async throws {
        let address = try await facts(of: deletion.channelID, guild: deletion.guildID).address(of: deletion.channelID)
        for id in deletion.ids {
            let change = ChatChange(
                .deleted(platformMessageID: id),
                address: address.chat(account: account),
                isGroup: address.isGroup,
                dedupKey: "delete:\(id)",
                at: tools.time.now
            )
            try await persist("deletion") { try await inbox.note(change) }
            memory.withLock { $0.forget(id) }
        }
    }

    private func react(_ reaction: WireReaction, _ isAdded: Bool, _ place: Place) async throws {
        guard reaction.userID != place.bot else { return }
        let address = try await facts(of: reaction.channelID, guild: reaction.guildID).address(of: reaction.channelID)
        let change = ChatChange(
            .reaction(platformMessageID: reaction.messageID, emoji: reaction.emoji.text, isAdded: isAdded),
            address: address.chat(account: account),
            isGroup: address.isGroup,
            senderNativeID: reaction.userID,
            senderName: reaction.member.flatMap { $0.nick ?? $0.user?.name },
            isBot: reaction.member?.user?.isProgram ?? false,
            // The same may be put on and taken away again and again: only its place in the session tells a repeat.
            dedupKey: "reaction:\(place.session):\(place.seq)",
            at: tools.time.now
        )
        try await persist("reaction") { try await inbox.note(change) }
    }

    /// What is needed to read a message: names of what it mentions.
    private func reading(_ message: WireMessage, guild: String?, _ place: Place) async -> MessageReading {
        var reading = MessageReading(account: account, bot: place.bot)
        guard let guild else { return reading }
        let unnamed = MessageReading.unnamed(message)
        for channel in unnamed.channels {
            reading.names.channels[channel] = await directory.name(ofChannel: channel, guild: guild)
        }
        if unnamed.hasRoles, let roles = await directory.roles(of: guild, bot: place.bot) {
            reading.names.roles = roles.names
            reading.ownRole = roles.own
        }
        return reading
    }

    // MARK: - Servers

    private func enter(_ guild: WireGuild) async throws {
        await directory.learn(guild)
        guard guild.unavailable != true else { return }
        let isNew = guilds.withLock { $0?.insert(guild.id).inserted ?? false }
        guard isNew else { return }
        let address = DiscordAddress(guild: guild.id, channel: guild.systemChannelID ?? guild.id)
        try await note(isMember: true, address, key: "joined:\(guild.id):\(guild.joinedAt ?? "")")
    }

    private func leave(_ guild: WireGuild, _ place: Place) async throws {
        // An outage of the platform takes servers away for a while.
        guard guild.unavailable != true else { return }
        let chats = recent.withLock { $0.chats(of: guild.id) }
        let channels = Set(chats.map { $0.parent ?? $0.id })
        for channel in channels.isEmpty ? [guild.id] : channels.sorted() {
            let address = DiscordAddress(guild: guild.id, channel: channel)
            try await note(isMember: false, address, key: "left:\(guild.id):\(place.session):\(place.seq)")
        }
        guilds.withLock { _ = $0?.remove(guild.id) }
        recent.withLock { recent in for chat in chats { recent.forget(chat.id) } }
    }

    private func note(isMember: Bool, _ address: DiscordAddress, key: String) async throws {
        let change = ChatChange(
            .membership(isMember: isMember),
            address: address.chat(account: account),
            isGroup: true,
            dedupKey: key,
            at: tools.time.now
        )
        try await persist("membership") { try await inbox.note(change) }
    }

    // MARK: - What was missed

    private static let page = 100
    private static let mostPages = 5
    /// What is older is not fetched any more.
    private static let patience: Duration = .seconds(24 * 3600)

    /// Fetches what was said in a channel since the last message that the host has; the gateway tells it of no lost session.
    func catchUp(_ chat: RecentChats.Chat, _ place: Place) async throws {
        var after = Snowflake.later(chat.last, Snowflake.lowest(at: tools.time.now - Self.patience))
        for page in 1...Self.mostPages {
            guard let messages = try await missed(chat, after: after) else { return }
            let ordered = messages.sorted { (Snowflake.number($0.id) ?? 0) < (Snowflake.number($1.id) ?? 0) }
            for message in ordered {
                if message.author?.id == place.bot {
                    recent.withLock { $0.passed(message.id, in: chat.id) }
                } else {
                    try await take(message, chat.facts, place)
                }
            }
            guard messages.count == Self.page, let last = ordered.last else { return }
            after = last.id
            guard page == Self.mostPages else { continue }
            tools.logger.warning(
                "More was said in a channel of Discord while the connection was lost than is fetched",
                metadata: ["account": "\(account)", "channel": "\(chat.id)"]
            )
        }
    }

    /// One page; nil when the channel cannot be read.
    private func missed(_ chat: RecentChats.Chat, after: String) async throws -> [WireMessage]? {
        var backoff = Backoff(floor: .milliseconds(500), ceiling: .seconds(30))
        for _ in 0..<5 {
            do {
                return try await api.messages(of: chat.id, after: after, limit: Self.page)
            } catch {
                try Task.checkCancellation()
                switch error.code {
                case .forbidden, .missing:
                    recent.withLock { $0.forget(chat.id) }
                    return nil
                case .limited(let delay): try await tools.time.sleep(for: delay)
                default: try await tools.time.sleep(for: backoff.failed(at: tools.time.monotonic))
                }
            }
        }
        tools.logger.error(
            "What was missed in a channel of Discord cannot be fetched",
            metadata: ["account": "\(account)", "channel": "\(chat.id)"]
        )
        return nil
    }
}
