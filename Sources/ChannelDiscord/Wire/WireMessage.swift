/// A message object (<https://discord.com/developers/docs/resources/message#message-object>): what is used of it.
struct WireMessage: Decodable, Sendable, Equatable {
    /// The kinds of messages that people and programs write; all others are notices of the platform.
    static let written: Set<Int> = [0, 19, 20, 23]
    /// Bit of ``flags``: a recording made in the app.
    static let voiceFlag = 1 << 13

    var id: String
    var channelID: String
    /// Missing in direct messages, and in messages that were asked for by REST.
    var guildID: String?
    var author: WireUser?
    var member: WireMember?
    var content: String?
    var editedTimestamp: String?
    var type: Int?
    var flags: Int?
    var webhookID: String?
    /// Only the gateway tells nicknames with them, so that none is read: a message that comes again by REST says the same.
    var mentions: [WireUser]?
    var mentionRoles: [String]?
    var mentionEveryone: Bool?
    var attachments: [WireAttachment]?
    var embeds: [WireEmbed]?
    var stickers: [WireSticker]?
    var reference: WireReference?
    /// Nil when the message that is answered is deleted, or was not told.
    var referenced: WireQuoted?
    var snapshots: [WireSnapshot]?
    var poll: WirePoll?

    enum CodingKeys: String, CodingKey {
        case id, author, member, content, type, flags, mentions, attachments, embeds, poll
        case channelID = "channel_id"
        case guildID = "guild_id"
        case editedTimestamp = "edited_timestamp"
        case webhookID = "webhook_id"
        case mentionRoles = "mention_roles"
        case mentionEveryone = "mention_everyone"
        case stickers = "sticker_items"
        case reference = "message_reference"
        case referenced = "referenced_message"
        case snapshots = "message_snapshots"
    }
}

/// The message that another one answers.
struct WireQuoted: Decodable, Sendable, Equatable {
    var id: String
    var author: WireUser?
    var content: String?
    var mentions: [WireUser]?
}

/// Which message another one is about.
struct WireReference: Decodable, Sendable, Equatable {
    /// 0 or missing for an answer, 1 for a forward.
    var type: Int?
    var messageID: String?
    var channelID: String?

    enum CodingKeys: String, CodingKey {
        case type
        case messageID = "message_id"
        case channelID = "channel_id"
    }
}

/// A message that was forwarded, as it stood then.
struct WireSnapshot: Decodable, Sendable, Equatable {
    struct Message: Decodable, Sendable, Equatable {
        var content: String?
        var mentions: [WireUser]?
        var attachments: [WireAttachment]?
        var stickers: [WireSticker]?

        enum CodingKeys: String, CodingKey {
            case content, mentions, attachments
            case stickers = "sticker_items"
        }
    }

    var message: Message
}

/// A file of a message.
struct WireAttachment: Decodable, Sendable, Equatable {
    var id: String
    var filename: String
    /// In bytes.
    var size: Int
    /// With a signature in its query that ends after about a day.
    var url: String
    var contentType: String?
    var description: String?

    enum CodingKeys: String, CodingKey {
        case id, filename, size, url, description
        case contentType = "content_type"
    }
}

/// A box that a program put beneath its message, or the preview of a link.
struct WireEmbed: Decodable, Sendable, Equatable {
    struct Field: Decodable, Sendable, Equatable {
        var name: String?
        var value: String?
    }

    /// `rich` for a program's own.
    var type: String?
    var title: String?
    var description: String?
    var url: String?
    var fields: [Field]?
}

/// A sticker of a message.
struct WireSticker: Decodable, Sendable, Equatable {
    var id: String
    var name: String
}

/// A poll.
struct WirePoll: Decodable, Sendable, Equatable {
    struct Media: Decodable, Sendable, Equatable { var text: String? }
    struct Answer: Decodable, Sendable, Equatable {
        var media: Media?

        enum CodingKeys: String, CodingKey { case media = "poll_media" }
    }

    var question: Media?
    var answers: [Answer]?
}
