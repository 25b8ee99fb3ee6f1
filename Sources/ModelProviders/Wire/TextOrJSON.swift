import Core

/// Text that some servers send as a JSON string and some as the JSON value itself.
struct TextOrJSON: Decodable, Sendable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else {
            text = try JSONText.encode(try container.decode(JSONValue.self))
        }
    }
}
