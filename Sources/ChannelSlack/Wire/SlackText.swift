/// Text as Slack sends it: `& < >` as entities, and everything special in angle brackets.
///
/// It is read by bytes: as characters its marks are others when an accent follows them.
package enum SlackText {
    /// The users that a text names.
    package static func users(in text: String) -> Set<String> { named(in: text, by: UInt8(ascii: "@")) }

    /// The channels that a text names without their name beside.
    package static func channels(in text: String) -> Set<String> { named(in: text, by: UInt8(ascii: "#")) }

    /// The text as people see it, `*bold*` and its like left as they are; names by user and channel id.
    package static func plain(_ text: String, users: [String: String] = [:], channels: [String: String] = [:]) -> String
    {
        var plain = ""
        var rest = text[...]
        while let (before, inside, after) = bracket(rest) {
            plain += unescaped(before)
            plain += unescaped(shown(inside, users, channels))
            rest = after
        }
        return plain + unescaped(rest)
    }

    /// The text without the mention of this user at its beginning: it says whom the message is for, as a command or a
    /// pairing code must not be preceded by anything.
    package static func addressed(_ text: String, to user: String) -> String {
        guard let (before, inside, after) = bracket(text[...]), before.allSatisfy(\.isWhitespace) else { return text }
        guard halves(inside).target == "@" + user else { return text }
        let isJoint: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace || $0 == ":" || $0 == "," }
        return String(after.unicodeScalars.drop(while: isJoint))
    }

    /// `& < >` as entities: all that Slack wants escaped.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The reverse of ``escaped(_:)``; other entities stay.
    package static func unescaped(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return String(text) }
        var plain: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.first {
            let known = entities.first { rest.starts(with: $0.name) }
            plain.append(known?.byte ?? first)
            rest = rest.dropFirst(known?.name.count ?? 1)
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static let entities = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")].map { pair in
        (name: Array(pair.0.utf8), byte: Array(pair.1.utf8)[0])
    }

    /// The first `<…>` of a text, with what stands before and after it.
    private static func bracket(_ text: Substring) -> (before: Substring, inside: Substring, after: Substring)? {
        let bytes = text.utf8
        guard let open = bytes.firstIndex(of: UInt8(ascii: "<")) else { return nil }
        let start = bytes.index(after: open)
        guard let close = bytes[start...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
        return (text[..<open], text[start..<close], text[bytes.index(after: close)...])
    }

    private static func halves(_ inside: Substring) -> (target: Substring, label: Substring?) {
        guard let bar = inside.utf8.firstIndex(of: UInt8(ascii: "|")) else { return (inside, nil) }
        let label = inside[inside.utf8.index(after: bar)...]
        return (inside[..<bar], label.isEmpty ? nil : label)
    }

    private static func shown(_ inside: Substring, _ users: [String: String], _ channels: [String: String]) -> String {
        let (target, label) = halves(inside)
        let id = String(target.unicodeScalars.dropFirst())
        switch target.unicodeScalars.first {
        case "@": return "@" + (users[id] ?? label.map(String.init) ?? id)
        case "#": return "#" + (label.map(String.init) ?? channels[id] ?? id)
        case "!": return command(id, label)
        default:
            let address = target.hasPrefix("mailto:") ? target.dropFirst(7) : target
            guard let label, label != address, label != target else { return String(address) }
            // Slack makes links of bare names: `<http://example.org|example.org>`.
            return address.hasSuffix("://" + label) ? String(address) : "\(label) (\(address))"
        }
    }

    /// `here`, `channel`, `everyone`, `subteam^S1` and `date^1^{format}`.
    private static func command(_ name: String, _ label: Substring?) -> String {
        if name.hasPrefix("date^"), let label { return String(label) }
        if let label { return label.hasPrefix("@") ? String(label) : "@" + label }
        return "@" + (name.split(separator: "^").last ?? name[...])
    }

    private static func named(in text: String, by mark: UInt8) -> Set<String> {
        var found: Set<String> = []
        var rest = text[...]
        while found.count < 32, let (_, inside, after) = bracket(rest) {
            rest = after
            guard inside.utf8.first == mark else { continue }
            let (target, label) = halves(inside)
            if mark == UInt8(ascii: "#"), label != nil { continue }
            found.insert(String(target.unicodeScalars.dropFirst()))
        }
        return found
    }
}
