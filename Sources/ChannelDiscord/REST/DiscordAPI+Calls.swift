import ChannelNetwork
import Core

/// Who the application behind a token is.
struct WireApplication: Decodable, Sendable, Equatable {
    /// The bits of ``flags`` that say that message content is allowed: for large bots, and for all others.
    private static let readsMessages = 1 << 18 | 1 << 19

    var id: String
    var name: String?
    var flags: Int?

    /// The operator has switched the intent on.
    var mayReadMessages: Bool { (flags ?? 0) & Self.readsMessages != 0 }
}

/// Where the gateway is and how many sessions may begin.
struct WireGateway: Decodable, Sendable, Equatable {
    struct Limit: Decodable, Sendable, Equatable {
        var remaining: Int?
        /// Milliseconds.
        var resetAfter: Int?

        enum CodingKeys: String, CodingKey {
            case remaining
            case resetAfter = "reset_after"
        }
    }

    var url: String
    var limit: Limit?

    enum CodingKeys: String, CodingKey {
        case url
        case limit = "session_start_limit"
    }
}

/// What has an id.
struct WireID: Decodable, Sendable, Equatable { var id: String }

/// A post of a forum as whoever begins it is told of it: a thread with its first message.
struct WirePost: Decodable, Sendable, Equatable {
    var id: String
    var message: WireID?

    /// The first message of a post has the post's id.
    var firstMessage: String { message?.id ?? id }
}

private struct WireThreads: Decodable { var threads: [WireChannel] }

extension DiscordAPI {
    /// The bot's own user.
    func me() async throws(DiscordError) -> WireUser { try await ask(.me, as: WireUser.self) }

    /// The application whose bot it is.
    func application() async throws(DiscordError) -> WireApplication {
        try await ask(.application, as: WireApplication.self)
    }

    /// Where the gateway is.
    func gateway() async throws(DiscordError) -> WireGateway { try await ask(.gateway, as: WireGateway.self) }

    /// A channel or thread.
    func channel(_ id: String) async throws(DiscordError) -> WireChannel {
        try await ask(.channel(id), as: WireChannel.self, patience: .seconds(30))
    }

    /// The roles of a server.
    func roles(of guild: String) async throws(DiscordError) -> [WireRole] {
        try await ask(.roles(guild: guild), as: [WireRole].self, patience: .seconds(30))
    }

    /// The threads of a server that are not archived, posts of forums among them.
    func activeThreads(of guild: String) async throws(DiscordError) -> [WireChannel] {
        try await ask(.activeThreads(guild: guild), as: WireThreads.self).threads
    }

    /// Messages of a channel after one, the newest first.
    func messages(of channel: String, after: String, limit: Int) async throws(DiscordError) -> [WireMessage] {
        try await ask(
            .messages(channel, after: after, limit: limit),
            as: [WireMessage].self,
            patience: .seconds(30)
        )
    }

    /// The direct chat with a person, made if need be.
    func openDM(with user: String) async throws(DiscordError) -> String {
        try await ask(.openDM, .json(JSONText.object(["recipient_id": user])), as: WireID.self).id
    }

    /// The servers that the bot is in, up to 200.
    func guilds() async throws(DiscordError) -> [String] { try await ask(.guilds, as: [WireID].self).map(\.id) }

    /// Members of a server whose name or nickname begins with this.
    func members(of guild: String, named name: String) async throws(DiscordError) -> [WireMember] {
        try await ask(.search(guild: guild, name: name), as: [WireMember].self)
    }

    /// Answers an interaction for the first time; must be within three seconds of it.
    func callBack(_ interaction: WireInteraction, _ json: String) async throws(DiscordError) {
        let route = DiscordRoute.callback(interaction.id, token: interaction.token)
        _ = try await ask(route, .json(json), deadline: .seconds(3))
    }

    /// A text that only the person sees who pressed or wrote a command.
    func followUp(_ interaction: WireInteraction, application: String, text: String) async throws(DiscordError) {
        let route = DiscordRoute.followUp(application: application, token: interaction.token)
        _ = try await ask(route, .json(MessageBody.whisper(text)))
    }

    /// The text of the answer that was put off before.
    func finish(_ interaction: WireInteraction, application: String, text: String) async throws(DiscordError) {
        let route = DiscordRoute.answer(application: application, token: interaction.token)
        _ = try await ask(route, .json(MessageBody.plain(text)))
    }
}
