import Core

/// A message of the Bot API, as far as this adapter reads it (https://core.telegram.org/bots/api#message).
///
/// What only becomes words stays JSON and is read leniently, so that a new shape there costs no message.
struct TelegramMessage: Sendable, Codable, Equatable {
    var id: Int64
    /// Also set on replies outside of topics; only with ``isInTopic`` it names one.
    var threadID: Int64?
    var isInTopic: Bool?
    var sender: TelegramUser?
    /// The chat in whose name it was written: an anonymous administrator's, a channel's.
    var senderChat: TelegramChat?
    var authorSignature: String?
    var chat: TelegramChat
    /// Unix seconds.
    var date: Int64
    var editDate: Int64?
    var text: String?
    var caption: String?
    var entities: [TelegramEntity]?
    var captionEntities: [TelegramEntity]?
    var reply: TelegramReplyTarget?
    var quote: TelegramQuote?
    var externalReply: JSONValue?
    var forwardOrigin: JSONValue?
    /// The same for all parts of an album.
    var mediaGroup: String?
    /// The same picture in several sizes, the largest last.
    var photo: [TelegramFile]?
    var document: TelegramFile?
    var voice: TelegramFile?
    var audio: TelegramFile?
    var video: TelegramFile?
    var videoNote: TelegramFile?
    var animation: TelegramFile?
    var sticker: TelegramFile?
    var livePhoto: TelegramFile?
    var checklist: JSONValue?
    var game: JSONValue?
    var story: JSONValue?
    var paidMedia: JSONValue?
    var location: JSONValue?
    var venue: JSONValue?
    var contact: JSONValue?
    var poll: JSONValue?
    var dice: JSONValue?
    var richMessage: JSONValue?
    /// The id that this chat has from now on.
    var migrateTo: Int64?
    /// The id that this chat had.
    var migrateFrom: Int64?

    enum CodingKeys: String, CodingKey {
        case id = "message_id"
        case threadID = "message_thread_id"
        case isInTopic = "is_topic_message"
        case sender = "from"
        case senderChat = "sender_chat"
        case authorSignature = "author_signature"
        case chat, date
        case editDate = "edit_date"
        case text, caption, entities
        case captionEntities = "caption_entities"
        case reply = "reply_to_message"
        case quote
        case externalReply = "external_reply"
        case forwardOrigin = "forward_origin"
        case mediaGroup = "media_group_id"
        case photo, document, voice, audio, video
        case videoNote = "video_note"
        case animation, sticker
        case livePhoto = "live_photo"
        case checklist, game, story
        case paidMedia = "paid_media"
        case location, venue, contact, poll, dice
        case richMessage = "rich_message"
        case migrateTo = "migrate_to_chat_id"
        case migrateFrom = "migrate_from_chat_id"
    }

    /// The topic it stands in; nil outside of topics.
    var topic: String? { isInTopic == true ? threadID.map(String.init) : nil }
}

/// A person or a bot.
struct TelegramUser: Sendable, Codable, Equatable {
    /// The account in whose name anonymous administrators write; it is no program.
    static let anonymousAdministrator: Int64 = 1_087_968_824

    var id: Int64
    var isBot: Bool
    var firstName: String
    var lastName: String?
    var username: String?
    var languageCode: String?

    enum CodingKeys: String, CodingKey {
        case id
        case isBot = "is_bot"
        case firstName = "first_name"
        case lastName = "last_name"
        case username
        case languageCode = "language_code"
    }

    /// What people call them.
    var name: String { lastName.map { "\(firstName) \($0)" } ?? firstName }
}

/// A chat: of one person, a group or a channel.
struct TelegramChat: Sendable, Codable, Equatable {
    var id: Int64
    /// `private`, `group`, `supergroup` or `channel`.
    var type: String
    var title: String?
    var username: String?

    var isGroup: Bool { type != "private" }
}

extension Timestamp {
    /// A time as the platform writes it; one that no clock ever shows is brought back into range.
    init(unixSeconds: Int64) { self.init(milliseconds: min(max(unixSeconds, 0), 1 << 40) * 1000) }
}

/// A stretch of a text with a meaning; counted in UTF-16 code units.
struct TelegramEntity: Sendable, Codable, Equatable {
    var type: String
    var offset: Int
    var length: Int
    /// Of a `text_link`.
    var url: String?
    /// Of a `text_mention`.
    var user: TelegramUser?
    /// Of a `pre`.
    var language: String?
}

/// The message that another one answers.
struct TelegramReplyTarget: Sendable, Codable, Equatable {
    var id: Int64
    var sender: TelegramUser?
    var senderChat: TelegramChat?
    var text: String?
    var caption: String?
    /// It only says that the topic was made: every message of a topic that answers nothing answers it.
    var topicCreated: JSONValue?

    enum CodingKeys: String, CodingKey {
        case id = "message_id"
        case sender = "from"
        case senderChat = "sender_chat"
        case text, caption
        case topicCreated = "forum_topic_created"
    }
}

/// The stretch of a message that is quoted.
struct TelegramQuote: Sendable, Codable, Equatable {
    var text: String
}

/// Any file that a message brings.
struct TelegramFile: Sendable, Codable, Equatable {
    var id: String
    /// In bytes, as far as it is known.
    var size: Int64?
    var mediaType: String?
    var name: String?
    /// Of a sticker, like those that follow.
    var emoji: String?
    /// It is drawn by Lottie.
    var isAnimated: Bool?
    var isVideo: Bool?

    enum CodingKeys: String, CodingKey {
        case id = "file_id"
        case size = "file_size"
        case mediaType = "mime_type"
        case name = "file_name"
        case emoji
        case isAnimated = "is_animated"
        case isVideo = "is_video"
    }
}
