import ChannelNetwork

/// One request's method and path, and what its rate is counted by
/// (<https://discord.com/developers/docs/topics/rate-limits>).
struct DiscordRoute: Sendable, Hashable {
    let method: HTTPCall.Method
    /// Below the API's base, percent-encoded.
    let path: String
    /// The path without ids: what is told in errors, and together with ``major`` a bucket's name until the platform tells one.
    let name: String
    /// The channel, server or webhook, each of which has buckets of its own; empty without.
    let major: String
    /// Made with an interaction's token and not with the bot's: outside the limit of all requests together.
    let isInteraction: Bool

    private init(
        _ method: HTTPCall.Method,
        _ path: String,
        name: String,
        major: String = "",
        isInteraction: Bool = false
    ) {
        self.method = method
        self.path = path
        self.name = "\(method.rawValue) \(name)"
        self.major = major
        self.isInteraction = isInteraction
    }

    static let me = DiscordRoute(.get, "/users/@me", name: "/users/@me")
    static let application = DiscordRoute(.get, "/oauth2/applications/@me", name: "/oauth2/applications/@me")
    static let gateway = DiscordRoute(.get, "/gateway/bot", name: "/gateway/bot")
    static let guilds = DiscordRoute(.get, "/users/@me/guilds?limit=200", name: "/users/@me/guilds")
    static let openDM = DiscordRoute(.post, "/users/@me/channels", name: "/users/@me/channels")

    static func commands(application: String) -> DiscordRoute {
        DiscordRoute(.put, "/applications/\(segment(application))/commands", name: "/applications/:id/commands")
    }

    static func channel(_ id: String) -> DiscordRoute {
        DiscordRoute(.get, "/channels/\(segment(id))", name: "/channels/:id", major: id)
    }

    static func roles(guild: String) -> DiscordRoute {
        DiscordRoute(.get, "/guilds/\(segment(guild))/roles", name: "/guilds/:id/roles", major: guild)
    }

    static func activeThreads(guild: String) -> DiscordRoute {
        DiscordRoute(
            .get,
            "/guilds/\(segment(guild))/threads/active",
            name: "/guilds/:id/threads/active",
            major: guild
        )
    }

    static func search(guild: String, name: String) -> DiscordRoute {
        DiscordRoute(
            .get,
            "/guilds/\(segment(guild))/members/search?query=\(segment(name))&limit=20",
            name: "/guilds/:id/members/search",
            major: guild
        )
    }

    static func messages(_ channel: String, after: String, limit: Int) -> DiscordRoute {
        DiscordRoute(
            .get,
            "/channels/\(segment(channel))/messages?after=\(segment(after))&limit=\(limit)",
            name: "/channels/:id/messages",
            major: channel
        )
    }

    static func send(_ channel: String) -> DiscordRoute {
        DiscordRoute(.post, "/channels/\(segment(channel))/messages", name: "/channels/:id/messages", major: channel)
    }

    static func post(forum: String) -> DiscordRoute {
        DiscordRoute(.post, "/channels/\(segment(forum))/threads", name: "/channels/:id/threads", major: forum)
    }

    static func edit(_ message: String, in channel: String) -> DiscordRoute {
        DiscordRoute(
            .patch,
            "/channels/\(segment(channel))/messages/\(segment(message))",
            name: "/channels/:id/messages/:id",
            major: channel
        )
    }

    /// `emoji` is the character, or `name:id` of a server's own.
    static func react(_ emoji: String, to message: String, in channel: String) -> DiscordRoute {
        DiscordRoute(
            .put,
            "/channels/\(segment(channel))/messages/\(segment(message))/reactions/\(segment(emoji))/@me",
            name: "/channels/:id/messages/:id/reactions/:emoji/@me",
            major: channel
        )
    }

    static func typing(_ channel: String) -> DiscordRoute {
        DiscordRoute(.post, "/channels/\(segment(channel))/typing", name: "/channels/:id/typing", major: channel)
    }

    static func callback(_ interaction: String, token: String) -> DiscordRoute {
        DiscordRoute(
            .post,
            "/interactions/\(segment(interaction))/\(segment(token))/callback",
            name: "/interactions/:id/:token/callback",
            major: interaction,
            isInteraction: true
        )
    }

    static func followUp(application: String, token: String) -> DiscordRoute {
        DiscordRoute(
            .post,
            "/webhooks/\(segment(application))/\(segment(token))",
            name: "/webhooks/:id/:token",
            major: token,
            isInteraction: true
        )
    }

    static func answer(application: String, token: String) -> DiscordRoute {
        DiscordRoute(
            .patch,
            "/webhooks/\(segment(application))/\(segment(token))/messages/@original",
            name: "/webhooks/:id/:token/messages/@original",
            major: token,
            isInteraction: true
        )
    }

    private static func segment(_ text: String) -> String { FormEncoding.segment(text) }
}
