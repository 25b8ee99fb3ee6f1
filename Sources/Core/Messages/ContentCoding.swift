package import FoundationEssentials

extension InboundContent {
    /// The JSON text for the row's `content` column.
    package func json() throws -> String {
        switch self {
        case .chat(let value): try JSONText.encode(value)
        case .task(let value): try JSONText.encode(value)
        case .webhook(let value): try JSONText.encode(value)
        case .system(let value): try JSONText.encode(value)
        }
    }

    /// Reads a row's content by its kind.
    package init(kind: InboundKind, json: some Sequence<UInt8>) throws {
        self =
            switch kind {
            case .chat: .chat(try JSONText.decode(ChatContent.self, json))
            case .task: .task(try JSONText.decode(TaskContent.self, json))
            case .webhook: .webhook(try JSONText.decode(WebhookContent.self, json))
            case .system: .system(try JSONText.decode(SystemContent.self, json))
            }
    }
}

extension OutboundContent {
    /// The JSON text for the row's `content` column.
    package func json() throws -> String {
        switch self {
        case .chat(let value): try JSONText.encode(value)
        case .edit(let value): try JSONText.encode(value)
        case .reaction(let value): try JSONText.encode(value)
        case .system(let value): try JSONText.encode(value)
        }
    }

    /// Reads a row's content by its kind.
    package init(kind: OutboundKind, json: some Sequence<UInt8>) throws {
        self =
            switch kind {
            case .chat: .chat(try JSONText.decode(OutboundChat.self, json))
            case .edit: .edit(try JSONText.decode(OutboundEdit.self, json))
            case .reaction: .reaction(try JSONText.decode(OutboundReaction.self, json))
            case .system: .system(try JSONText.decode(OutboundAction.self, json))
            }
    }
}

/// JSON with sorted keys, so that equal values are equal bytes.
package enum JSONText {
    /// The value as one line of JSON.
    package static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try data(value), as: UTF8.self)
    }

    /// The value as UTF-8 JSON.
    package static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// The text of an object that holds nothing but text, its keys in order.
    package static func object(_ fields: [String: String]) -> String {
        var json = JSONWriter()
        json.object { json in
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) { json.field(key, value) }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// Reads JSON; throws ``CoreError`` naming the first place that does not fit.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ json: some Sequence<UInt8>) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let error as CoreError {
            throw error
        } catch let error as DecodingError {
            throw CoreError(.invalidContent, "not a \(type): \(Self.place(of: error))")
        }
    }

    /// Reads JSON text.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try decode(type, json.utf8)
    }

    private static func place(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let keys = context.codingPath.map(\.stringValue).joined(separator: ".")
            return keys.isEmpty ? context.debugDescription : "\(keys): \(context.debugDescription)"
        }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return path(context)
        case .keyNotFound(let key, let context):
            return path(context) + " (\(key.stringValue))"
        @unknown default:
            return "\(error)"
        }
    }
}
