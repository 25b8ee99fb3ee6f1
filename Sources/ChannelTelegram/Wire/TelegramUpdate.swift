import Core

/// One update of the Bot API (https://core.telegram.org/bots/api#update).
struct TelegramUpdate: Sendable, Decodable {
    /// What happened, of the kinds that are asked for.
    enum Content: Sendable {
        case message(TelegramMessage)
        case edited(TelegramMessage)
        case press(TelegramPress)
        case reaction(TelegramReaction)
        case membership(TelegramMembership)
        /// A kind that is known and cannot be read; why, in words for the log.
        case unreadable(String)
        /// A kind that nobody asked for.
        case other
    }

    /// The kinds to ask for; reactions come only when they are named.
    static let kinds: [String] = Keys.allCases.filter { $0 != .id }.map(\.rawValue)

    var id: Int64
    var content: Content

    private enum Keys: String, CodingKey, CaseIterable {
        case id = "update_id"
        case message
        case editedMessage = "edited_message"
        case channelPost = "channel_post"
        case editedChannelPost = "edited_channel_post"
        case press = "callback_query"
        case reaction = "message_reaction"
        case membership = "my_chat_member"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        id = try fields.decode(Int64.self, forKey: .id)
        do {
            content = try Self.content(fields)
        } catch {
            content = .unreadable(String("\(error)".prefix(300)))
        }
    }

    private static func content(_ fields: KeyedDecodingContainer<Keys>) throws -> Content {
        for key: Keys in [.message, .channelPost] where fields.contains(key) {
            return .message(try fields.decode(TelegramMessage.self, forKey: key))
        }
        for key: Keys in [.editedMessage, .editedChannelPost] where fields.contains(key) {
            return .edited(try fields.decode(TelegramMessage.self, forKey: key))
        }
        if fields.contains(.press) { return .press(try fields.decode(TelegramPress.self, forKey: .press)) }
        if fields.contains(.reaction) { return .reaction(try fields.decode(TelegramReaction.self, forKey: .reaction)) }
        if fields.contains(.membership) {
            return .membership(try fields.decode(TelegramMembership.self, forKey: .membership))
        }
        return .other
    }

    /// The chat it is of: updates of one chat keep their order.
    var chat: Int64? {
        switch content {
        case .message(let message), .edited(let message): message.chat.id
        case .press(let press): press.message?.chat.id
        case .reaction(let reaction): reaction.chat.id
        case .membership(let membership): membership.chat.id
        case .unreadable, .other: nil
        }
    }
}

/// The press of an inline button: a `CallbackQuery`.
struct TelegramPress: Sendable, Decodable {
    /// The message beneath which the button is; an old one has little more than its id.
    struct Message: Sendable, Decodable {
        var id: Int64
        var chat: TelegramChat
        var threadID: Int64?
        var isInTopic: Bool?

        enum CodingKeys: String, CodingKey {
            case id = "message_id"
            case chat
            case threadID = "message_thread_id"
            case isInTopic = "is_topic_message"
        }

        var topic: String? { isInTopic == true ? threadID.map(String.init) : nil }
    }

    var id: String
    var from: TelegramUser
    var message: Message?
    var data: String?
}

/// What somebody's reactions to a message were and are: a `MessageReactionUpdated`.
struct TelegramReaction: Sendable, Decodable {
    /// One reaction; only those of type `emoji` have one.
    struct Kind: Sendable, Decodable {
        var type: String
        var emoji: String?
    }

    var chat: TelegramChat
    var messageID: Int64
    /// Nil for whoever reacts in the name of a chat.
    var user: TelegramUser?
    var date: Int64
    var before: [Kind]
    var after: [Kind]

    enum CodingKeys: String, CodingKey {
        case chat, user, date
        case messageID = "message_id"
        case before = "old_reaction"
        case after = "new_reaction"
    }
}

/// What the bot was and is in a chat: a `ChatMemberUpdated`.
struct TelegramMembership: Sendable, Decodable {
    /// A standing in a chat.
    struct Standing: Sendable, Decodable {
        var status: String
        /// Of a `restricted` one.
        var isMember: Bool?

        enum CodingKeys: String, CodingKey {
            case status
            case isMember = "is_member"
        }

        /// The bot can read there and be read.
        var isInside: Bool {
            switch status {
            case "creator", "administrator", "member": true
            case "restricted": isMember ?? true
            default: false
            }
        }
    }

    var chat: TelegramChat
    var from: TelegramUser
    var date: Int64
    var before: Standing
    var after: Standing

    enum CodingKeys: String, CodingKey {
        case chat, from, date
        case before = "old_chat_member"
        case after = "new_chat_member"
    }
}
