import Core

/// Refuses keys that a record does not have.
enum StrictKeys {
    private struct AnyKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    static func check<Keys: CodingKey & CaseIterable>(
        _ decoder: any Decoder,
        _ keys: Keys.Type,
        in place: String
    ) throws {
        let known = Keys.allCases.map(\.stringValue)
        let found = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
        if let unknown = found.first(where: { !known.contains($0) }) {
            throw StoreError(.invalid, Self.unknown(unknown, known, in: place))
        }
    }

    static func unknown(_ key: String, _ known: [String], in place: String) -> String {
        "unknown key \"\(key.prefix(80))\" in \(place); there are: \(known.joined(separator: ", "))"
    }
}

extension KeyedDecodingContainer {
    /// The case with this name; an error that lists all names when there is none such.
    func decodeEnum<Value: RawRepresentable<String> & CaseIterable>(
        _ type: Value.Type,
        forKey key: Key
    ) throws -> Value? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        return try Value.named(text, key: key.stringValue)
    }
}

extension RawRepresentable<String> where Self: CaseIterable {
    /// The case with this name; throws ``StoreError`` naming the key and every allowed value.
    package static func named(_ text: String, key: String) throws -> Self {
        guard let value = Self(rawValue: text) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw StoreError(.invalid, "\(key): \"\(text.prefix(80))\" is not one of \(names)")
        }
        return value
    }
}
