/// A channel object, a thread among them (<https://discord.com/developers/docs/resources/channel#channel-object>).
struct WireChannel: Decodable, Sendable, Equatable {
    var id: String
    var type: Int
    var guildID: String?
    var parentID: String?
    var name: String?

    enum CodingKeys: String, CodingKey {
        case id, type, name
        case guildID = "guild_id"
        case parentID = "parent_id"
    }
}

/// A server as the gateway tells of it when it can be used, or when the bot came into it.
struct WireGuild: Decodable, Sendable, Equatable {
    var id: String
    var unavailable: Bool?
    var joinedAt: String?
    var systemChannelID: String?
    var channels: [WireChannel]?
    var threads: [WireChannel]?

    enum CodingKeys: String, CodingKey {
        case id, unavailable, channels, threads
        case joinedAt = "joined_at"
        case systemChannelID = "system_channel_id"
    }
}

/// A role of a server.
struct WireRole: Decodable, Sendable, Equatable {
    struct Tags: Decodable, Sendable, Equatable {
        /// The bot whose own role it is.
        var botID: String?

        enum CodingKeys: String, CodingKey { case botID = "bot_id" }
    }

    var id: String
    var name: String
    var tags: Tags?
}
