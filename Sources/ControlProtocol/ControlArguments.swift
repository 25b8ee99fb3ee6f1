package import Core

/// The arguments of one request, taken out one by one; what is left over at the end is an error.
package struct ControlArguments: Sendable {
    private let command: String
    private var rest: [String: JSONValue]

    package init(_ request: ControlRequest) {
        command = request.command
        rest = request.arguments.filter { $0.value != .null }
    }

    /// Puts a value in the place of another, such as the id of what was named.
    package mutating func pin(_ name: String, _ value: String) { rest[name] = .string(value) }

    /// Whether this argument was given and is still to be taken.
    package func has(_ name: String) -> Bool { rest[name] != nil }

    /// Ends the reading; throws naming an argument that this command does not have.
    package func finish() throws(ControlError) {
        if let name = rest.keys.min() {
            throw ControlError(.invalidArguments, "\(command) has no argument \"\(name.prefix(40))\"")
        }
    }

    /// A text that must be there and not be empty.
    package mutating func required(_ name: String) throws(ControlError) -> String {
        guard let text = try optional(name), !text.isEmpty else {
            throw ControlError(.invalidArguments, "\(command) needs \"\(name)\"")
        }
        return text
    }

    /// A text, or nil when it was not given.
    package mutating func optional(_ name: String) throws(ControlError) -> String? {
        guard let value = rest.removeValue(forKey: name) else { return nil }
        guard let text = value.string else { throw wrong(name, "a text") }
        return text
    }

    /// A truth value, false when it was not given.
    package mutating func flag(_ name: String) throws(ControlError) -> Bool {
        try optionalFlag(name) ?? false
    }

    /// A truth value, or nil when it was not given.
    package mutating func optionalFlag(_ name: String) throws(ControlError) -> Bool? {
        guard let value = rest.removeValue(forKey: name) else { return nil }
        guard let flag = value.bool else { throw wrong(name, "true or false") }
        return flag
    }

    /// A whole number within bounds, or nil when it was not given.
    package mutating func integer(
        _ name: String,
        _ range: ClosedRange<Int64> = Int64.min...Int64.max
    ) throws(ControlError) -> Int64? {
        guard let value = rest.removeValue(forKey: name) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Texts, or nil when they were not given.
    package mutating func texts(_ name: String) throws(ControlError) -> [String]? {
        guard let value = rest.removeValue(forKey: name) else { return nil }
        guard let texts = value.array?.map(\.string), !texts.contains(nil) else { throw wrong(name, "a list of texts") }
        return texts.compactMap(\.self)
    }

    /// One of an enumeration's values, or nil when it was not given; the error lists them all.
    package mutating func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ type: Value.Type
    ) throws(ControlError) -> Value? {
        guard let text = try optional(name) else { return nil }
        return try Self.choice(text, type, Self.option(name))
    }

    /// An argument as people write it: `sessionMode` is `--session-mode`.
    private static func option(_ name: String) -> String {
        "--" + name.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
    }

    /// The enumeration's value with this text; the error lists them all.
    package static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String,
        _ type: Value.Type,
        _ name: String
    ) throws(ControlError) -> Value {
        guard let value = Value(rawValue: text) else {
            let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError(.invalidArguments, "\(name) \"\(text.prefix(80))\" is unknown: use one of \(all)")
        }
        return value
    }

    /// Any value, or nil when it was not given.
    package mutating func value(_ name: String) -> JSONValue? { rest.removeValue(forKey: name) }

    private func wrong(_ name: String, _ wanted: String) -> ControlError {
        ControlError(.invalidArguments, "\(command): \"\(name)\" is \(wanted)")
    }
}
