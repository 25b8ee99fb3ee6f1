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

/// A user who is mentioned in a message; from the gateway with the nickname.
struct WireMention: Decodable, Sendable, Equatable {
    var user: WireUser
    var member: WireMember?

    init(user: WireUser, member: WireMember? = nil) {
        self.user = user
        self.member = member
    }

    enum CodingKeys: String, CodingKey { case member }

    init(from decoder: any Decoder) throws {
        user = try WireUser(from: decoder)
        member = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(WireMember.self, forKey: .member)
    }

    var name: String { member?.nick ?? user.name }
}
