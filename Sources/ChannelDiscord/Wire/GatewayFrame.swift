/// One frame that the gateway sent (<https://discord.com/developers/docs/events/gateway-events>).
enum GatewayFrame: Sendable, Equatable {
    /// Milliseconds between two heartbeats.
    case hello(interval: Int)
    /// The gateway wants a heartbeat now.
    case beatWanted
    case beatAcknowledged
    case reconnect
    case invalidSession(isResumable: Bool)
    case event(seq: Int, GatewayEvent)
    case unknown(op: Int)
}

/// What an event tells.
enum GatewayEvent: Sendable, Equatable {
    case ready(WireReady)
    case resumed
    case message(WireMessage)
    case updated(WireMessage)
    case deleted(WireDeletion)
    case reaction(WireReaction, isAdded: Bool)
    case interaction(WireInteraction)
    case guild(WireGuild)
    case guildGone(WireGuild)
    case channel(WireChannel)
    case other(String)
    /// An event that ought to be understood and is not; with the place that does not fit.
    case unreadable(String, reason: String)
}

extension GatewayFrame: Decodable {
    private enum CodingKeys: String, CodingKey { case op, d, s, t }
    private struct Hello: Decodable {
        var interval: Int

        enum CodingKeys: String, CodingKey { case interval = "heartbeat_interval" }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let op = try container.decode(Int.self, forKey: .op)
        switch op {
        case 0:
            let seq = try container.decode(Int.self, forKey: .s)
            guard seq >= 0 else {
                throw DecodingError.dataCorruptedError(forKey: .s, in: container, debugDescription: "it is below zero")
            }
            let name = try container.decode(String.self, forKey: .t)
            self = .event(seq: seq, Self.event(name, container))
        case 1: self = .beatWanted
        case 7: self = .reconnect
        case 9: self = .invalidSession(isResumable: (try? container.decode(Bool.self, forKey: .d)) ?? false)
        case 10: self = .hello(interval: try container.decode(Hello.self, forKey: .d).interval)
        case 11: self = .beatAcknowledged
        default: self = .unknown(op: op)
        }
    }

    private static func event(_ name: String, _ container: KeyedDecodingContainer<CodingKeys>) -> GatewayEvent {
        func read<Value: WireEvent>(_ event: (Value) -> GatewayEvent) -> GatewayEvent {
            do {
                let value = try container.decode(Value.self, forKey: .d)
                guard value.snowflakes.allSatisfy(Snowflake.isValid) else {
                    return .unreadable(name, reason: "an id that is none")
                }
                return event(value)
            } catch {
                return .unreadable(name, reason: place(of: error))
            }
        }
        switch name {
        case "READY": return read(GatewayEvent.ready)
        case "RESUMED": return .resumed
        case "MESSAGE_CREATE": return read(GatewayEvent.message)
        case "MESSAGE_UPDATE": return read(GatewayEvent.updated)
        case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK": return read(GatewayEvent.deleted)
        case "MESSAGE_REACTION_ADD": return read { .reaction($0, isAdded: true) }
        case "MESSAGE_REACTION_REMOVE": return read { .reaction($0, isAdded: false) }
        case "INTERACTION_CREATE": return read(GatewayEvent.interaction)
        case "GUILD_CREATE": return read(GatewayEvent.guild)
        case "GUILD_DELETE": return read(GatewayEvent.guildGone)
        case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE": return read(GatewayEvent.channel)
        default: return .other(name)
        }
    }

    /// Where an event does not fit, without what stands there.
    private static func place(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(type(of: error))" }
        let path: [any CodingKey] =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            @unknown default: []
            }
        return path.map(\.stringValue).joined(separator: ".")
    }
}
