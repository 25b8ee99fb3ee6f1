/// The gateway's greeting after IDENTIFY.
struct WireReady: Decodable, Sendable, Equatable {
    struct Guild: Decodable, Sendable, Equatable { var id: String }

    var user: WireUser
    var sessionID: String
    var resumeURL: String
    var guilds: [Guild]?

    enum CodingKeys: String, CodingKey {
        case user, guilds
        case sessionID = "session_id"
        case resumeURL = "resume_gateway_url"
    }
}

/// Messages that are gone: one, or many at once.
struct WireDeletion: Decodable, Sendable, Equatable {
    var ids: [String]
    var channelID: String
    var guildID: String?

    enum CodingKeys: String, CodingKey {
        case id, ids
        case channelID = "channel_id"
        case guildID = "guild_id"
    }

    init(ids: [String], channelID: String, guildID: String? = nil) {
        self.ids = ids
        self.channelID = channelID
        self.guildID = guildID
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        ids = try container.decodeIfPresent([String].self, forKey: .ids) ?? [container.decode(String.self, forKey: .id)]
        channelID = try container.decode(String.self, forKey: .channelID)
        guildID = try container.decodeIfPresent(String.self, forKey: .guildID)
    }
}

/// An emoji put on a message, or taken away.
struct WireReaction: Decodable, Sendable, Equatable {
    struct Emoji: Decodable, Sendable, Equatable {
        /// Of a server's own emoji.
        var id: String?
        var name: String?

        /// The character, or `:name:` for a server's own.
        var text: String { id == nil ? name ?? "" : ":\(name ?? "emoji"):" }
    }

    var userID: String
    var channelID: String
    var messageID: String
    var guildID: String?
    /// Only when one is put on, and only in a server.
    var member: WireMember?
    var emoji: Emoji

    enum CodingKeys: String, CodingKey {
        case member, emoji
        case userID = "user_id"
        case channelID = "channel_id"
        case messageID = "message_id"
        case guildID = "guild_id"
    }
}

/// The press of a button or the use of a slash command
/// (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>).
struct WireInteraction: Decodable, Sendable, Equatable {
    /// What kind it is.
    enum Kind { static let command = 2, component = 3, autocomplete = 4 }

    struct Data: Decodable, Sendable, Equatable {
        struct Option: Decodable, Sendable, Equatable {
            var name: String
            var value: String?

            enum CodingKeys: String, CodingKey { case name, value }

            init(name: String, value: String?) {
                self.name = name
                self.value = value
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                name = try container.decode(String.self, forKey: .name)
                value = try? container.decodeIfPresent(String.self, forKey: .value)
            }
        }

        /// Of a button.
        var customID: String?
        /// Of a command.
        var name: String?
        var options: [Option]?

        enum CodingKeys: String, CodingKey {
            case name, options
            case customID = "custom_id"
        }
    }

    struct Message: Decodable, Sendable, Equatable { var id: String }

    var id: String
    /// Good for 15 minutes; whoever has it answers in the bot's name.
    var token: String
    var type: Int
    var data: Data?
    var guildID: String?
    var channelID: String?
    var channel: WireChannel?
    /// Where it was made: 0 in a server, 1 in the chat with the bot, 2 in a chat that the bot is not in.
    var context: Int?
    var member: WireMember?
    /// In direct chats in place of ``member``.
    var user: WireUser?
    var message: Message?

    enum CodingKeys: String, CodingKey {
        case id, token, type, data, channel, context, member, user, message
        case guildID = "guild_id"
        case channelID = "channel_id"
    }

    /// True in a chat of other people, into which somebody has brought the bot's commands for themselves.
    var isAmongOthers: Bool { context == 2 || (guildID == nil && channel.map { $0.type != 1 } ?? false) }

    /// Who did it.
    var person: WireUser? { member?.user ?? user }
}
