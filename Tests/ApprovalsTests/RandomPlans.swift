import Approvals
import Core
import TestSupport

/// The same plans with every run, from a seed.
struct PlanGenerator: RandomNumberGenerator {
    private var numbers: Seeded

    init(seed: UInt64) { numbers = Seeded(state: seed) }

    mutating func next() -> UInt64 { numbers.next() }

    /// Letters that plans may hide things with.
    private static let letters: [Unicode.Scalar] = [
        "a", "Z", "0", " ", "/", "\\", "\"", "`", "*", "_", "[", "<", "\n", "\t", "\u{8}", "\u{1B}", "\u{7F}", "é",
        "\u{301}", "\u{202E}", "\u{2066}", "\u{200B}", "\u{FEFF}", "\u{2028}", "\u{A0}", "\u{1F600}", "\u{E0041}",
        "а", "$", ";", "|",
    ]

    mutating func text() -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            scalars.append(Self.letters.randomElement(using: &self) ?? "a")
        }
        return String(scalars)
    }

    mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 7 : 4), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .integer(Int64.random(in: Int64.min...Int64.max, using: &self))
        case 3: return .string(text())
        case 4: return .array((0..<Int.random(in: 0...4, using: &self)).map { _ in value(depth: depth + 1) })
        default: return object(depth: depth)
        }
    }

    /// What a request to add a server or to install packages looks like.
    mutating func request() -> JSONValue {
        [
            "argv": .array((0...Int.random(in: 0...4, using: &self)).map { _ in .string(text()) }),
            "env": object(depth: 3), "files": object(depth: 2), "path": .string(text()), "more": value(depth: 1),
        ]
    }

    private mutating func object(depth: Int) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &self) { fields[text()] = value(depth: depth + 1) }
        return .object(fields)
    }

    /// The value with exactly one thing in it changed.
    mutating func changed(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: return .bool(false)
        case .bool(let flag): return .bool(!flag)
        case .integer(let number): return .integer(number &+ 1)
        case .number(let number): return .number(number + 1)
        case .string(let text): return .string(changed(text))
        case .array(var elements):
            guard !elements.isEmpty, Bool.random(using: &self) else { return .array(elements + [.null]) }
            let index = elements.indices.randomElement(using: &self) ?? 0
            elements[index] = changed(elements[index])
            return .array(elements)
        case .object(var fields):
            guard let key = fields.keys.sorted().randomElement(using: &self) else { return ["new": .null] }
            let old = fields[key] ?? .null
            if Bool.random(using: &self) {
                fields[key] = changed(old)
            } else {
                fields[key] = nil
                var name = changed(key)
                while fields[name] != nil { name = changed(name) }
                fields[name] = old
            }
            return .object(fields)
        }
    }

    private mutating func changed(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let letter = Self.letters.randomElement(using: &self) ?? "a"
        if let index = scalars.indices.randomElement(using: &self), scalars[index] != letter, Bool.random(using: &self)
        {
            scalars[index] = letter
        } else {
            scalars.insert(letter, at: scalars.isEmpty ? 0 : Int.random(in: 0...scalars.count, using: &self))
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
