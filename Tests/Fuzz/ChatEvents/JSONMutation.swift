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
        let changes = changes(&choices, below: 400)
        let source = choices.remainder()
        guard !changes.isEmpty, let json = try? JSONText.decode(JSONValue.self, source) else { return source }
        return (try? changed(json, changes, values).text()).map { Array($0.utf8) } ?? source
    }

    /// JSON with as many changes as the next byte says; places are counted up to `places`, and other values than usual serve
    /// too.
    static func json(_ json: JSONValue, _ choices: inout Choices, places: Int, also: [JSONValue] = []) -> JSONValue {
        changed(json, changes(&choices, below: places), also + values)
    }

    private static func changes(_ choices: inout Choices, below places: Int) -> [(place: Int, value: UInt8)] {
        (0..<choices.below(7)).map { _ in (place: choices.below(places), value: choices.byte()) }
    }

    private static func changed(
        _ json: JSONValue,
        _ changes: [(place: Int, value: UInt8)],
        _ values: [JSONValue]
    ) -> JSONValue {
        changes.reduce(json) { json, change in
            var place = change.place
            return changed(json, &place, values[Int(change.value) % values.count])
        }
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
