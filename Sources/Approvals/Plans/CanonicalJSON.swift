package import Core

/// JSON in exactly one spelling for each value, so that a hash binds the value and not one of its spellings.
///
/// RFC 8785 with two differences: numbers are 64-bit integers (any other is refused: no two programs agree on the text of
/// every fraction), and keys are sorted by their UTF-8 bytes. No white space; of text only `"`, `\` and the control
/// characters below U+0020 are escaped, as `\b \t \n \f \r` or `\u00xx` in lower case. Nothing is normalised: two texts
/// that look alike and differ in their bytes differ here too.
package enum CanonicalJSON {
    /// The deepest nesting.
    package static let greatestDepth = 16

    /// The value's bytes; throws ``ApprovalError`` `invalidPlan` for a fraction or too deep a nesting.
    package static func bytes(_ value: JSONValue) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try write(value, to: &bytes, depth: 0)
        return bytes
    }

    /// The value as text.
    package static func text(_ value: JSONValue) throws -> String {
        String(decoding: try bytes(value), as: UTF8.self)
    }

    private static func write(_ value: JSONValue, to bytes: inout [UInt8], depth: Int) throws {
        guard depth <= greatestDepth else {
            throw ApprovalError(.invalidPlan, "the plan is nested deeper than \(greatestDepth) levels")
        }
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .number(let number):
            throw ApprovalError(.invalidPlan, "the plan holds the number \(number): write fractions as text")
        case .string(let text): quote(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try write(element, to: &bytes, depth: depth + 1)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let fields):
            bytes.append(UInt8(ascii: "{"))
            for (index, field) in sorted(fields).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                quote(field.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try write(field.value, to: &bytes, depth: depth + 1)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// An object's fields in the canonical order.
    static func sorted(_ fields: [String: JSONValue]) -> [(key: String, value: JSONValue)] {
        fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func quote(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00".utf8 + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
