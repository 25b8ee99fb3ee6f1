import Core

/// The body of one request of Slack's.
package enum SlackPost: Sendable, Equatable {
    /// Slack tries the address out: the text goes back.
    case challenge(String)
    case delivery(SlackDelivery)

    /// Reads JSON (events), or a form with JSON in `payload` (interactions) or with plain fields (commands).
    package init?(type: String, body: [UInt8]) {
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            guard let json = try? JSONText.decode(JSONValue.self, body), json.object != nil else { return nil }
            if json[key: "type"]?.string == "url_verification" {
                guard let challenge = json[key: "challenge"]?.string, challenge.utf8.count <= 1024 else { return nil }
                self = .challenge(challenge)
            } else {
                self = .delivery(SlackDelivery(kind: .event, payload: json))
            }
            return
        }
        let fields = FormDecoding.fields(body)
        if let payload = fields["payload"] {
            guard let json = try? JSONValue(parsing: payload) else { return nil }
            self = .delivery(SlackDelivery(kind: .interaction, payload: json))
        } else if fields["command"] != nil {
            self = .delivery(SlackDelivery(kind: .command, payload: .object(fields.mapValues(JSONValue.string))))
        } else if fields["ssl_check"] != nil {
            self = .challenge("")
        } else {
            return nil
        }
    }
}
