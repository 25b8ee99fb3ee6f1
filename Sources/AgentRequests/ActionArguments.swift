package import Core
import SessionStoreHost

/// The arguments of a request, taken out one by one; what is left over at the end is an error.
package struct ActionArguments: Sendable {
    private let action: String
    private var rest: [String: JSONValue]
    private var known: [String] = []

    /// Reads what the row holds; an object, not deeper than 32.
    package init(_ action: OutboundAction) throws(HostActionRefusal) {
        self.action = action.action
        guard JSONDepth.isWithin(32, Array(action.arguments.utf8)) else {
            throw HostActionRefusal("the arguments of \(action.action) are nested over 32 deep")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: action.arguments)
        } catch {
            throw HostActionRefusal("the arguments of \(action.action) are no JSON: \(error)")
        }
        guard let fields = value.object else {
            throw HostActionRefusal("the arguments of \(action.action) are no object but \(value.typeName)")
        }
        rest = fields.filter { $0.value != .null }
    }

    /// Ends the reading; throws naming an argument that this action does not have.
    package func finish() throws(HostActionRefusal) {
        guard let name = rest.keys.min() else { return }
        let names = known.sorted().joined(separator: ", ")
        throw HostActionRefusal(
            "\(action) has no argument \"\(name.prefix(40))\"" + (names.isEmpty ? "" : "; there are: \(names)")
        )
    }

    /// Any value, or nil when it was not given.
    package mutating func value(_ name: String) -> JSONValue? {
        known.append(name)
        return rest.removeValue(forKey: name)
    }

    /// A text of at most that many bytes, or nil when it was not given.
    package mutating func optional(_ name: String, most: Int = 16 * 1024) throws(HostActionRefusal) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw wrong(name, "a text") }
        guard text.utf8.count <= most else { throw wrong(name, "a text of at most \(most) bytes") }
        return text
    }

    /// A text that must be there and not be empty.
    package mutating func required(_ name: String, most: Int = 16 * 1024) throws(HostActionRefusal) -> String {
        guard let text = try optional(name, most: most), !text.isEmpty else {
            throw HostActionRefusal("\(action) needs \"\(name)\"")
        }
        return text
    }

    /// A whole number within bounds, or nil when it was not given.
    package mutating func integer(
        _ name: String,
        _ range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(HostActionRefusal) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A truth value, or nil when it was not given.
    package mutating func flag(_ name: String) throws(HostActionRefusal) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else { throw wrong(name, "true or false") }
        return flag
    }

    /// Texts, or nil when they were not given.
    package mutating func texts(_ name: String, most: Int = 256) throws(HostActionRefusal) -> [String]? {
        guard let value = value(name) else { return nil }
        guard let texts = value.array?.map(\.string), !texts.contains(nil), texts.count <= most else {
            throw wrong(name, "a list of at most \(most) texts")
        }
        return texts.compactMap(\.self)
    }

    /// A part that has a type of its own; unknown keys within it are the type's to refuse.
    package mutating func decoded<Value: Decodable>(
        _ name: String,
        as type: Value.Type
    ) throws(HostActionRefusal) -> Value? {
        guard let value = value(name) else { return nil }
        do {
            return try value.decoded(as: type)
        } catch {
            throw HostActionRefusal("\(action): \"\(name)\": \(error)")
        }
    }

    private func wrong(_ name: String, _ wanted: String) -> HostActionRefusal {
        HostActionRefusal("\(action): \"\(name)\" is \(wanted)")
    }
}
