import Core

/// Puts values at which readers go wrong into JSON that is well formed, so that an input reaches past the parser.
enum JSONMutation {
    private static let card = "card_0123456789abcdefghjkmnpq:1"

    private static let values: [JSONValue] = [
        .null, "", " ", "0", "-1", "1", true, false, 0, 1, -1, .integer(.max), .integer(.min), .integer(1 << 53),
        .number(0.5), .number(1e308), [], [:], [[]], ["": ""], "9223372036854775807", "18446744073709551615",
        "-9223372036854775808", "a:b%c/d", "@", "!", "$", "#", "\u{0}", "a\nb\u{2028}\u{202E}c", "e\u{301}\u{301}", "👩‍👩‍👧‍👦",
        .string(card), .string(String(repeating: "\u{1}", count: 3000)), .string(String(repeating: "é", count: 9000)),
        .string("x" + String(repeating: "\u{301}", count: 6000)), .string(String(repeating: "9", count: 400)),
        .array(.init(repeating: ["a": "b"], count: 300)),
    ]

    /// JSON of the input with as many changes as its first byte says; an input that is no JSON as it is.
    static func bytes(_ choices: inout Choices) -> [UInt8] {
        let count = choices.below(7)
        let changes = (0..<count).map { _ in (place: choices.below(400), value: choices.byte()) }
        let source = choices.remainder()
        guard count > 0, var json = try? JSONText.decode(JSONValue.self, source) else { return source }
        for change in changes {
            var place = change.place
            json = changed(json, &place, values[Int(change.value) % values.count])
        }
        return (try? json.text()).map { Array($0.utf8) } ?? source
    }

    /// The JSON with another value at this place, counted in reading order.
    private static func changed(_ json: JSONValue, _ place: inout Int, _ value: JSONValue) -> JSONValue {
        place -= 1
        if place == -1 { return value }
        switch json {
        case .array(let elements): return .array(elements.map { changed($0, &place, value) })
        case .object(let fields):
            var changedFields: [String: JSONValue] = [:]
            for (key, old) in fields.sorted(by: { $0.key < $1.key }) {
                changedFields[key] = changed(old, &place, value)
            }
            return .object(changedFields)
        default: return json
        }
    }
}
