import Core

/// Holds what an event says beside its text to the bound of ``InboundEvent/longestMetadata``.
enum EventMetadata {
    /// Where something must give way, the longest text that stays, in bytes.
    private static let longestText = 500

    /// The fields as they are when they fit; else with their texts cut, and without those for which there is no room.
    static func fitted(_ fields: [String: JSONValue]) -> [String: JSONValue] {
        guard length(.object(fields)) > InboundEvent.longestMetadata else { return fields }
        var kept: [String: JSONValue] = [:]
        var room = InboundEvent.longestMetadata - 2
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            let value = value.string.map { .string(cut($0)) } ?? value
            let length = length(.string(key)) + length(value) + 2
            guard length <= room else { continue }
            kept[key] = value
            room -= length
        }
        return kept
    }

    private static func cut(_ text: String) -> String {
        var kept = ""
        for scalar in text.unicodeScalars {
            guard kept.utf8.count + UTF8.width(scalar) <= longestText else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }

    /// How many bytes the value has at most as JSON.
    private static func length(_ value: JSONValue) -> Int {
        switch value {
        case .null, .bool: 5
        case .integer, .number: 26
        case .string(let text):
            text.utf8.reduce(2) { length, byte in
                length + (byte < 0x20 || byte == 0x7F ? 6 : byte == 0x22 || byte == 0x5C || byte == 0x2F ? 2 : 1)
            }
        case .array(let elements): elements.reduce(2) { $0 + length($1) + 1 }
        case .object(let fields): fields.reduce(2) { $0 + length(.string($1.key)) + length($1.value) + 2 }
        }
    }
}
