import ChannelKit
import Core

/// What updates mean to the host; a pure value.
struct TelegramReader: Sendable {
    /// What one update, or one album, is.
    enum Meaning: Sendable, Equatable {
        case message(InboundEvent, files: [TelegramOffer])
        case change(ChatChange)
        /// A press of a card's button.
        case answer(CardAnswer, press: String)
        /// A press of a button that belongs to no card.
        case strayPress(String)
        /// One of the bot's own messages.
        case own(messageID: Int64)
    }

    var bot: TelegramBot
    private var chats: TelegramChats { TelegramChats(bot: bot.id) }

    init(bot: TelegramBot) { self.bot = bot }

    /// The meanings of an update, in order; none for what tells the host nothing.
    func read(_ update: TelegramUpdate) -> [Meaning] {
        switch update.content {
        case .message(let message): read([message])
        case .edited(let message): edit(message, update.id).map { [.change($0)] } ?? []
        case .press(let press): [read(press)]
        case .reaction(let reaction): read(reaction, update.id).map(Meaning.change)
        case .membership(let membership): read(membership, update.id).map { [.change($0)] } ?? []
        case .unreadable, .other: []
        }
    }

    // MARK: - Messages

    /// The parts of one message: several are an album, in order.
    func read(_ parts: [TelegramMessage]) -> [Meaning] {
        guard let first = parts.first else { return [] }
        if let moved = moved(first) { return [.change(moved)] }
        if first.sender?.id == bot.id { return [.own(messageID: first.id)] }
        let files = parts.flatMap(TelegramOffer.offers)
        let texts = parts.map(text)
        let words = parts.flatMap(TelegramWords.content) + texts.map(\.text).filter { !$0.isEmpty }
        // Somebody came, a title changed: the platform's own notes are no messages.
        guard !words.isEmpty || !files.isEmpty else { return [] }
        let said = TelegramWords.before(first) + words
        let reply = realReply(first)
        let repliesToAgent = reply?.sender?.id == bot.id
        let sender = sender(first)
        let code = parts.count == 1 && said.count == 1 ? texts[0].startCode : nil
        let event = InboundEvent(
            address: chats.address(first.chat.id, topic: first.topic),
            platformMessageID: "\(first.id)",
            dedupKey: "\(first.chat.id):\(first.id)",
            sentAt: Timestamp(unixSeconds: first.date),
            senderNativeID: sender.id,
            senderName: sender.name,
            senderHandle: sender.handle,
            isBot: sender.isBot,
            content: ChatContent(
                text: code ?? said.joined(separator: "\n"),
                sender: sender.name,
                replyTo: reply.map { quote($0, of: first) }
            ),
            isMention: !first.chat.isGroup || texts.contains(where: \.isMention) || repliesToAgent,
            isGroup: first.chat.isGroup,
            repliesToAgent: repliesToAgent,
            metadata: metadata(first)
        )
        return [.message(event, files: files)]
    }

    private func edit(_ message: TelegramMessage, _ update: Int64) -> ChatChange? {
        // A live location moves without anybody writing.
        guard message.sender?.id != bot.id, message.location == nil else { return nil }
        let text = text(message)
        guard message.text != nil || message.caption != nil || message.richMessage != nil else { return nil }
        let words = TelegramWords.content(message) + (text.text.isEmpty ? [] : [text.text])
        let sender = sender(message)
        return ChatChange(
            .edited(platformMessageID: "\(message.id)", text: words.joined(separator: "\n")),
            address: chats.address(message.chat.id, topic: message.topic),
            isGroup: message.chat.isGroup,
            senderNativeID: sender.id,
            senderName: sender.name,
            isBot: sender.isBot,
            isMention: text.isMention,
            dedupKey: "edit:\(update)",
            at: Timestamp(unixSeconds: message.editDate ?? message.date)
        )
    }

    private func text(_ message: TelegramMessage) -> TelegramText {
        message.text.map { TelegramText($0, message.entities ?? [], bot: bot) }
            ?? TelegramText(message.caption ?? "", message.captionEntities ?? [], bot: bot)
    }

    /// What the message answers; a topic's first message is answered by all that answer nothing.
    private func realReply(_ message: TelegramMessage) -> TelegramReplyTarget? {
        guard let reply = message.reply, reply.topicCreated == nil else { return nil }
        return message.isInTopic == true && reply.id == message.threadID ? nil : reply
    }

    private func quote(_ reply: TelegramReplyTarget, of message: TelegramMessage) -> ChatContent.Quote {
        ChatContent.Quote(
            platformMessageID: "\(reply.id)",
            sender: reply.senderChat?.title ?? reply.sender?.name,
            text: message.quote?.text ?? reply.text ?? reply.caption,
            isFromAgent: reply.sender?.id == bot.id
        )
    }

    private func sender(_ message: TelegramMessage) -> (id: String?, name: String?, handle: String?, isBot: Bool) {
        // In the name of a chat writes nobody who can be told from others; the user beside it is a stand-in.
        if let chat = message.senderChat {
            let signature = message.authorSignature.map { " (\($0))" } ?? ""
            return (nil, (chat.title ?? "somebody") + signature, nil, false)
        }
        guard let user = message.sender, user.id != TelegramUser.anonymousAdministrator else {
            return (nil, message.chat.title, nil, false)
        }
        return ("\(user.id)", user.name, user.username.map { "@\($0)" }, user.isBot)
    }

    private func metadata(_ message: TelegramMessage) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["chat_type": .string(message.chat.type)]
        fields["chat_title"] = message.chat.title.map(JSONValue.string)
        fields["chat_username"] = message.chat.isGroup ? message.chat.username.map(JSONValue.string) : nil
        fields["language"] = message.sender?.languageCode.map(JSONValue.string)
        return fields
    }

    // MARK: - The rest

    private func moved(_ message: TelegramMessage) -> ChatChange? {
        guard let new = message.migrateTo ?? message.migrateFrom.map({ _ in message.chat.id }) else { return nil }
        return moved(message.migrateFrom ?? message.chat.id, to: new, at: Timestamp(unixSeconds: message.date))
    }

    /// A group became a supergroup: told by both chats and by refused sends, each time alike.
    func moved(_ old: Int64, to new: Int64, at time: Timestamp) -> ChatChange {
        ChatChange(
            .moved(platformID: chats.platformID(new)),
            address: chats.address(old),
            isGroup: true,
            dedupKey: "moved:\(new)",
            at: time
        )
    }

    private func read(_ press: TelegramPress) -> Meaning {
        let isID = (1...64).contains(press.id.utf8.count) && press.id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isID, let message = press.message, let data = press.data, let choice = Card.choice(button: data) else {
            return .strayPress(press.id)
        }
        let answer = CardAnswer(
            card: choice.card,
            choice: .index(choice.index),
            address: chats.address(message.chat.id, topic: message.topic),
            senderNativeID: "\(press.from.id)",
            isBot: press.from.isBot,
            platformMessageID: "\(message.id)",
            dedupKey: "press:\(press.id)"
        )
        return .answer(answer, press: press.id)
    }

    private func read(_ reaction: TelegramReaction, _ update: Int64) -> [ChatChange] {
        func emoji(_ kinds: [TelegramReaction.Kind]) -> [String] { kinds.compactMap(\.emoji) }
        let before = emoji(reaction.before)
        let after = emoji(reaction.after)
        let changes =
            before.filter { !after.contains($0) }.map { ($0, false) }
            + after.filter { !before.contains($0) }.map { ($0, true) }
        guard reaction.user?.id != bot.id else { return [] }
        return changes.enumerated().map { index, change in
            ChatChange(
                .reaction(platformMessageID: "\(reaction.messageID)", emoji: change.0, isAdded: change.1),
                address: chats.address(reaction.chat.id),
                isGroup: reaction.chat.isGroup,
                senderNativeID: reaction.user.map { "\($0.id)" },
                senderName: reaction.user?.name,
                isBot: reaction.user?.isBot ?? false,
                dedupKey: "reaction:\(update):\(index)",
                at: Timestamp(unixSeconds: reaction.date)
            )
        }
    }

    private func read(_ membership: TelegramMembership, _ update: Int64) -> ChatChange? {
        guard membership.before.isInside != membership.after.isInside else { return nil }
        return ChatChange(
            .membership(isMember: membership.after.isInside),
            address: chats.address(membership.chat.id),
            isGroup: membership.chat.isGroup,
            senderNativeID: "\(membership.from.id)",
            senderName: membership.from.name,
            isBot: membership.from.isBot,
            dedupKey: "membership:\(update)",
            at: Timestamp(unixSeconds: membership.date)
        )
    }
}
