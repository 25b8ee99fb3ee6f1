import Core

/// JSON as it is signed (specification, appendices, "Canonical JSON"): keys in the order of their code points, no space,
/// whole numbers only.
enum CanonicalJSON {
    /// Levels that are written at most.
    private static let deepest = 64

    /// The bytes that a signature covers: the object without `signatures` and `unsigned`.
    ///
    /// Nil for what is no object, or cannot be written canonically.
    static func signedBytes(_ value: JSONValue) -> [UInt8]? {
        guard case .object(var fields) = value else { return nil }
        fields["signatures"] = nil
        fields["unsigned"] = nil
        return bytes(.object(fields))
    }

    /// The value as canonical JSON; nil when a number has a fraction or it is nested too deeply.
    static func bytes(_ value: JSONValue) -> [UInt8]? {
        var writer = JSONWriter()
        guard write(value, to: &writer, depth: 0) else { return nil }
        return writer.bytes
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter, depth: Int) -> Bool {
        guard depth < deepest else { return false }
        var isWritten = true
        switch value {
        case .null: writer.raw("null")
        case .bool(let value): writer.raw(value ? "true" : "false")
        case .integer(let value): writer.raw(String(value))
        case .number: return false
        case .string(let text): writer.value(text)
        case .array(let elements):
            writer.array { writer in
                for element in elements where isWritten { isWritten = write(element, to: &writer, depth: depth + 1) }
            }
        case .object(let fields):
            let ordered = fields.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            writer.object { writer in
                for (key, value) in ordered where isWritten {
                    writer.key(key)
                    isWritten = write(value, to: &writer, depth: depth + 1)
                }
            }
        }
        return isWritten
    }
}
