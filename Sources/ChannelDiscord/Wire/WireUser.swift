/// A user object (<https://discord.com/developers/docs/resources/user#user-object>).
struct WireUser: Decodable, Sendable, Equatable {
    var id: String
    var username: String?
    /// The display name; null for bots.
    var globalName: String?
    var bot: Bool?
    /// Discord itself writes under this user.
    var system: Bool?

    enum CodingKeys: String, CodingKey {
        case id, username, bot, system
        case globalName = "global_name"
    }

    /// A program, or Discord itself.
    var isProgram: Bool { bot == true || system == true }

    /// What people read above a message, without a server's nickname.
    var name: String { globalName ?? username ?? id }
}

/// What a server knows of one of its members.
struct WireMember: Decodable, Sendable, Equatable {
    var nick: String?
    /// Missing inside message events, where it stands as the author.
    var user: WireUser?
}
