import Core

/// A frame for the gateway.
enum GatewayCommand: Sendable, Equatable {
    /// What the gateway shall tell of (<https://discord.com/developers/docs/events/gateway#list-of-intents>): servers,
    /// messages and reactions in servers and direct chats, and what messages say.
    static let intents = 1 << 0 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 15

    case heartbeat(seq: Int?)
    case identify
    case resume(GatewaySession)

    /// The frame as JSON.
    func json(token: String) -> String {
        var json = JSONWriter()
        json.object { json in
            switch self {
            case .heartbeat(let seq):
                json.field("op", raw: "1")
                json.field("d", raw: seq.map { "\($0)" } ?? "null")
            case .identify:
                json.field("op", raw: "2")
                json.key("d")
                json.object { json in
                    json.field("token", token)
                    json.field("intents", raw: "\(Self.intents)")
                    json.key("properties")
                    json.object { json in
                        json.field("os", "linux")
                        json.field("browser", "nanoclaw")
                        json.field("device", "nanoclaw")
                    }
                }
            case .resume(let session):
                json.field("op", raw: "6")
                json.key("d")
                json.object { json in
                    json.field("token", token)
                    json.field("session_id", session.id)
                    json.field("seq", raw: "\(session.seq)")
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

/// A session of the gateway, which another connection can go on with.
struct GatewaySession: Codable, Sendable, Equatable {
    var id: String
    /// Where it is gone on with.
    var url: String
    /// The number of the last event that the host has, with all before it.
    var seq: Int
    /// The bot's own user.
    var user: String
}
