package import Core

/// Checks values against a JSON Schema.
///
/// The subset that tools use: `type`, `properties`, `required`, `additionalProperties` (false or true), `enum`,
/// `minimum`, `maximum`, `minLength`, `maxLength`, `items`, `minItems`, `maxItems`; `description`, `title` and
/// `default` are read over. A schema with another keyword is refused, so that none is half enforced.
package struct JSONSchema: Sendable {
    /// The schema itself.
    package let value: JSONValue

    private static let known: Set<String> = [
        "type", "properties", "required", "additionalProperties", "enum", "minimum", "maximum", "minLength",
        "maxLength",
        "items", "minItems", "maxItems", "description", "title", "default",
    ]

    /// Takes a schema; throws ``ToolFailure`` naming a keyword that is not enforced here.
    package init(_ value: JSONValue) throws(ToolFailure) {
        try Self.check(value, "schema")
        self.value = value
    }

    private static func check(_ schema: JSONValue, _ place: String) throws(ToolFailure) {
        guard case .object(let members) = schema else { throw ToolFailure("\(place): a schema is an object") }
        for keyword in members.keys.sorted() where !known.contains(keyword) {
            throw ToolFailure("\(place): \"\(keyword)\" is not supported")
        }
        if case .object(let properties)? = members["properties"] {
            for (name, schema) in properties.sorted(by: { $0.key < $1.key }) { try check(schema, "\(place).\(name)") }
        }
        if let items = members["items"] { try check(items, "\(place).items") }
    }

    /// What is wrong with a value, one sentence each; empty when it fits.
    package func violations(of value: JSONValue) -> [String] {
        Self.violations(of: value, schema, at: "")
    }

    private var schema: JSONValue { value }

    private static func violations(of value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        let place = path.isEmpty ? "the arguments" : "\"\(path)\""
        if let type = schema[key: "type"], !isOf(type, value) {
            return ["\(place) must be \(describe(type)), not \(value.typeName)"]
        }
        if case .array(let choices)? = schema[key: "enum"], !choices.contains(value) {
            let list = choices.map { (try? $0.text()) ?? "?" }.joined(separator: ", ")
            return ["\(place) must be one of \(list)"]
        }
        switch value {
        case .string(let text): return length(text.unicodeScalars.count, schema, "Length", "characters", place)
        case .integer(let number): return range(Double(number), schema, place)
        case .number(let number): return range(number, schema, place)
        case .array(let elements):
            var found = length(elements.count, schema, "Items", "elements", place)
            if let items = schema[key: "items"] {
                for (index, element) in elements.enumerated() {
                    found += violations(of: element, items, at: "\(path)[\(index)]")
                }
            }
            return found
        case .object(let members): return object(members, schema, path, place)
        case .null, .bool: return []
        }
    }

    private static func object(
        _ members: [String: JSONValue],
        _ schema: JSONValue,
        _ path: String,
        _ place: String
    ) -> [String] {
        var found: [String] = []
        var properties: [String: JSONValue] = [:]
        if case .object(let declared)? = schema[key: "properties"] { properties = declared }
        if case .array(let required)? = schema[key: "required"] {
            for case .string(let name) in required where members[name] == nil {
                found.append("\(place) must have \"\(name)\"")
            }
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let schema = properties[name] {
                found += violations(of: member, schema, at: path.isEmpty ? name : "\(path).\(name)")
            } else if schema[key: "additionalProperties"] == .bool(false) {
                let names = properties.keys.sorted().joined(separator: ", ")
                found.append("\(place) must not have \"\(name.prefix(60))\" (known: \(names))")
            }
        }
        return found
    }

    private static func isOf(_ type: JSONValue, _ value: JSONValue) -> Bool {
        switch type {
        case .string("number"): value.typeName == "number" || value.typeName == "integer"
        case .string(let name): value.typeName == name
        case .array(let types): types.contains { isOf($0, value) }
        default: false
        }
    }

    private static func describe(_ type: JSONValue) -> String {
        switch type {
        case .string(let name): name
        case .array(let types): types.map(describe).joined(separator: " or ")
        default: "of a known type"
        }
    }

    private static func number(_ schema: JSONValue, _ keyword: String) -> Double? {
        switch schema[key: keyword] {
        case .integer(let value)?: Double(value)
        case .number(let value)?: value
        default: nil
        }
    }

    private static func range(_ value: Double, _ schema: JSONValue, _ place: String) -> [String] {
        if let minimum = number(schema, "minimum"), value < minimum {
            return ["\(place) must be at least \(text(minimum))"]
        }
        if let maximum = number(schema, "maximum"), value > maximum {
            return ["\(place) must be at most \(text(maximum))"]
        }
        return []
    }

    private static func length(
        _ count: Int,
        _ schema: JSONValue,
        _ keyword: String,
        _ unit: String,
        _ place: String
    ) -> [String] {
        if let minimum = number(schema, "min\(keyword)"), Double(count) < minimum {
            return ["\(place) must have at least \(text(minimum)) \(unit), it has \(count)"]
        }
        if let maximum = number(schema, "max\(keyword)"), Double(count) > maximum {
            return ["\(place) must have at most \(text(maximum)) \(unit), it has \(count)"]
        }
        return []
    }

    private static func text(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? "\(number)" }
}
