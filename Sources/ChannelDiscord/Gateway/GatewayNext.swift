/// How the gateway closed a connection.
struct GatewayClose: Sendable, Equatable {
    /// Codes after which the session cannot be gone on with.
    static let endsSession: Set<UInt16> = [4007, 4009]

    var code: UInt16
    var reason: String
}

/// What follows the end of a connection.
enum GatewayNext: Sendable, Equatable {
    /// How long to wait before the next connection.
    enum Pause: Sendable, Equatable {
        /// The platform asked for it: at once, nearly.
        case soon
        case backoff
        case fixed(Duration)
    }

    case again(String, Pause)
    /// Nothing that the host can do helps: why, and what the operator can do.
    case stop(String)

    /// After the close frame with this code
    /// (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>);
    /// nil when the connection was cut.
    init(_ close: GatewayClose?) {
        guard let close, close.code != 1006 else {
            self = .again("The connection to Discord was cut", .backoff)
            return
        }
        switch close.code {
        case 4004: self = .stop(DiscordWords.refusedToken)
        case 4010, 4011:
            self = .stop(
                "Discord refuses one connection for all servers (\(close.code)): the bot is in more servers than one"
                    + " account here can serve; let it leave some, or use another application"
            )
        case 4012: self = .stop("Discord does not offer version 10 of its gateway any more (4012): update NanoClaw")
        case 4013: self = .stop("Discord does not know the intents that are asked for (4013): update NanoClaw")
        case 4014: self = .stop(DiscordWords.missingIntent)
        default:
            let reason = close.reason.isEmpty ? "" : ", \"\(close.reason.prefix(120))\""
            self = .again("Discord closed the connection (\(close.code)\(reason))", .backoff)
        }
    }
}
