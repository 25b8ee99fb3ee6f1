import ChannelKit
import Core

/// Reads messages of Discord as what the host takes; knows no network.
struct MessageReading: Sendable {
    /// The application, as it stands in platform ids.
    let account: String
    /// The bot's own user.
    let bot: String
    var names = MessageMarkup.Names()
    /// The role that came with the bot to the message's server.
    var ownRole: String?

    private var ownMarks: Set<MessageMarkup.Mark> {
        var marks: Set<MessageMarkup.Mark> = [.user(bot)]
        if let ownRole { marks.insert(.role(ownRole)) }
        return marks
    }

    /// Marks whose names have to be asked for: channels and roles.
    static func unnamed(_ message: WireMessage) -> (channels: [String], hasRoles: Bool) {
        var channels: [String] = []
        var hasRoles = message.mentionRoles?.isEmpty == false
        let sources = [message.content] + (message.snapshots ?? []).map(\.message.content)
        for mark in sources.compactMap({ $0 }).flatMap({ MessageMarkup($0).marks }) {
            switch mark {
            case .channel(let id) where channels.count < 8 && !channels.contains(id): channels.append(id)
            case .role: hasRoles = true
            default: continue
            }
        }
        return (channels, hasRoles)
    }

    /// The message as an event, without its files; nil for a notice of the platform and for the bot's own.
    func event(_ message: WireMessage, in address: DiscordAddress) -> InboundEvent? {
        guard let author = message.author, author.id != bot, WireMessage.written.contains(message.type ?? 0),
            let sentAt = Snowflake.time(message.id), message.snowflakes.allSatisfy(Snowflake.isValid)
        else { return nil }
        let isAnswer = message.reference != nil && (message.reference?.type ?? 0) == 0
        let quote = isAnswer ? quote(message) : nil
        let name = message.member?.nick ?? author.name
        return InboundEvent(
            address: address.chat(account: account),
            platformMessageID: message.id,
            sentAt: sentAt,
            senderNativeID: author.id,
            senderName: name,
            senderHandle: author.username.map { "@\($0)" },
            isBot: author.isProgram || message.webhookID != nil,
            content: ChatContent(text: text(message), sender: name, replyTo: quote),
            isMention: isMention(message) || !address.isGroup,
            isGroup: address.isGroup,
            repliesToAgent: quote?.isFromAgent ?? false,
            metadata: metadata(message)
        )
    }

    /// What a message says, in words where it is no text.
    func text(_ message: WireMessage) -> String {
        let names = named(message.mentions)
        var parts = [shown(message.content, names)]
        for snapshot in message.snapshots ?? [] {
            let inner = snapshot.message
            var lines = ["[Forwarded message]", shown(inner.content, named(inner.mentions))]
            lines += (inner.stickers ?? []).map { "[Sticker: \($0.name)]" }
            parts.append(lines.filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        // Of people they are previews of links.
        if message.author?.isProgram == true || message.webhookID != nil {
            parts += (message.embeds ?? []).filter { ($0.type ?? "rich") == "rich" }.map { Self.words($0) }
        }
        parts += (message.stickers ?? []).map { "[Sticker: \($0.name)]" }
        if let poll = message.poll {
            let answers = (poll.answers ?? []).compactMap { $0.media?.text }.joined(separator: "; ")
            parts.append("[Poll: \(poll.question?.text ?? "") \(answers)]")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// True when Discord says that the message addresses the bot.
    func isMention(_ message: WireMessage) -> Bool {
        if message.mentions?.contains(where: { $0.id == bot }) == true { return true }
        guard let ownRole else { return false }
        return message.mentionRoles?.contains(ownRole) == true
    }

    /// All files, those of forwarded messages included.
    static func files(_ message: WireMessage) -> [WireAttachment] {
        (message.attachments ?? []) + (message.snapshots ?? []).flatMap { $0.message.attachments ?? [] }
    }

    private func quote(_ message: WireMessage) -> ChatContent.Quote? {
        guard let id = message.referenced?.id ?? message.reference?.messageID else { return nil }
        let quoted = message.referenced
        let text = shown(quoted?.content, named(quoted?.mentions))
        return ChatContent.Quote(
            platformMessageID: id,
            sender: quoted?.author?.name,
            text: text.isEmpty ? nil : text,
            isFromAgent: quoted?.author?.id == bot
        )
    }

    private func named(_ mentions: [WireUser]?) -> MessageMarkup.Names {
        var names = names
        for user in mentions ?? [] { names.users[user.id] = user.name }
        return names
    }

    private func shown(_ source: String?, _ names: MessageMarkup.Names) -> String {
        source.map { MessageMarkup($0).text(names, own: ownMarks) } ?? ""
    }

    private func metadata(_ message: WireMessage) -> [String: JSONValue]? {
        var metadata: [String: JSONValue] = [:]
        if let guild = message.guildID { metadata["guild"] = .string(guild) }
        if let webhook = message.webhookID { metadata["webhook"] = .string(webhook) }
        if message.mentionEveryone == true { metadata["mentions_everyone"] = true }
        if message.snapshots?.isEmpty == false { metadata["forwarded"] = true }
        return metadata.isEmpty ? nil : metadata
    }

    private static func words(_ embed: WireEmbed) -> String {
        var lines = [embed.title, embed.url, embed.description].compactMap { $0 }
        lines += (embed.fields ?? []).map { "\($0.name ?? ""): \($0.value ?? "")" }
        return lines.joined(separator: "\n")
    }
}
