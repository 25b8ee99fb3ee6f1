package import Core

/// One frame of Socket Mode.
package enum SocketFrame: Sendable, Equatable {
    /// The socket stands and gets events.
    case hello
    /// Slack will close the socket: `warning`, `refresh_requested`, `link_disabled`.
    case disconnect(reason: String)
    case envelope(SlackEnvelope)
    /// Of a kind that this adapter does not know.
    case other

    /// Reads a frame; throws what is wrong with text that is no frame.
    package init(_ text: String) throws {
        let json = try JSONValue(parsing: text)
        switch json[key: "type"]?.string {
        case "hello": self = .hello
        case "disconnect": self = .disconnect(reason: json[key: "reason"]?.string ?? "")
        default:
            guard let id = json[key: "envelope_id"]?.string, let payload = json[key: "payload"] else {
                self = .other
                return
            }
            let kind = SlackDelivery.Kind(rawValue: json[key: "type"]?.string ?? "")
            self = .envelope(SlackEnvelope(id: id, delivery: kind.map { SlackDelivery(kind: $0, payload: payload) }))
        }
    }
}

/// What Slack wants acknowledged on the socket that it came by.
package struct SlackEnvelope: Sendable, Equatable {
    package var id: String
    /// Nil for a kind that this adapter does not know: it is acknowledged, or it comes for ever.
    package var delivery: SlackDelivery?

    /// The frame that acknowledges it.
    package var acknowledgement: String {
        var writer = JSONWriter()
        writer.object { frame in
            frame.field("envelope_id", id)
            if let answer = delivery?.answer { frame.field("payload", raw: answer) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// What Slack tells, by socket or by HTTP.
package struct SlackDelivery: Sendable, Equatable {
    /// The kind, as envelopes name it.
    package enum Kind: String, Sendable {
        case event = "events_api"
        case interaction = "interactive"
        case command = "slash_commands"
    }

    package var kind: Kind
    package var payload: JSONValue

    package init(kind: Kind, payload: JSONValue) {
        self.kind = kind
        self.payload = payload
    }

    /// What goes back with the acknowledgement, as JSON: a command becomes visible to all, so that people see what the
    /// agent answers.
    package var answer: String? { kind == .command ? #"{"response_type":"in_channel"}"# : nil }
}
