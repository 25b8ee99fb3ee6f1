import ChannelNetwork
import Core

/// The body of a request, read as what it is.
struct WebhookBody: Sendable, Equatable {
    /// Text that the sender wrote, or the JSON as it came.
    let raw: String
    /// The value that templates look into: of a form an object of texts, of text a string.
    let json: JSONValue

    /// Reads a body by its `Content-Type`, without one by its looks; nil for what is neither JSON, form nor text.
    init?(_ body: [UInt8], contentType: String?) {
        guard let text = String(validating: body, as: UTF8.self), !body.contains(0) else { return nil }
        let type = contentType?.split(separator: ";").first.map { String($0).trimmingWhiteSpace.lowercased() } ?? ""
        raw = text
        switch type {
        case "application/x-www-form-urlencoded":
            guard let fields = Self.form(text) else { return nil }
            json = .object(fields)
        case _ where type == "application/json" || type.hasSuffix("+json"):
            guard let value = try? JSONValue(parsing: text) else { return nil }
            json = value
        case _ where type.hasPrefix("text/"): json = .string(text)
        case "", "application/octet-stream":
            let looksLikeJSON = text.trimmingWhiteSpace.utf8.first.map { $0 == 0x7B || $0 == 0x5B } ?? false
            json = looksLikeJSON ? (try? JSONValue(parsing: text)) ?? .string(text) : .string(text)
        default: return nil
        }
    }

    /// Of a name that comes twice the last counts.
    private static func form(_ text: String) -> [String: JSONValue]? {
        var fields: [String: JSONValue] = [:]
        for pair in text.split(separator: "&").prefix(1000) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(parts[0]), let value = parts.count == 2 ? decoded(parts[1]) : "" else {
                return nil
            }
            fields[name] = .string(value)
        }
        return fields
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let value = Hex.decode(String(rest.prefix(2)) ?? "")?.first else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
