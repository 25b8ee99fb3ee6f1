/// The scopes of the bot's token that the adapter uses.
package enum SlackScopes {
    /// Without one of these a part of the channel does not work.
    package static let needed = [
        "app_mentions:read", "channels:history", "channels:read", "chat:write", "files:read", "files:write",
        "groups:history", "groups:read", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
        "reactions:read", "reactions:write", "users:read",
    ]
    /// For slash commands, and for finding people by their email address.
    package static let optional = ["commands", "users:read.email"]

    /// Those of ``needed`` that a token with these (separated by commas) lacks.
    package static func missing(_ granted: String) -> [String] {
        let granted = Set(granted.split { $0 == "," || $0 == " " }.map(String.init))
        return needed.filter { !granted.contains($0) }
    }
}
