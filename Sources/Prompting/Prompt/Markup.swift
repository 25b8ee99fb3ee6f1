/// Escaping of values that stand inside the prompt's elements, and back.
package enum Markup {
    /// The text as it may stand in an attribute or between tags: `& < > "` and `'` become entities, control
    /// characters other than tab and line feed vanish.
    ///
    /// No input closes an element or an attribute.
    package static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"): bytes.append(byte)
            case 0..<0x20, 0x7F: continue
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text as it may stand in an attribute: as ``escape(_:)``, and on one line.
    package static func attribute(_ text: String) -> String {
        String(escape(text).map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }

    /// The text with its entities decoded once: the five of XML and numeric ones; others stay as they are.
    package static func unescape(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return String(text) }
        var decoder = EntityDecoder()
        return decoder.feed(Array(text.utf8)) + decoder.finish()
    }
}

/// Decodes entities in text that arrives in pieces.
struct EntityDecoder {
    /// The longest entity: `&#x10FFFF;`.
    private static let longest = 10
    /// An entity whose end has not come yet; begins with `&`.
    private var held: [UInt8] = []

    /// What is certain so far.
    mutating func feed(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte == UInt8(ascii: "&") {
                out += held
                held = [byte]
            } else if held.isEmpty {
                out.append(byte)
            } else if byte == UInt8(ascii: ";") {
                held.append(byte)
                out += Self.value(of: held) ?? held
                held = []
            } else if Self.isEntityByte(byte), held.count < Self.longest {
                held.append(byte)
            } else {
                out += held
                out.append(byte)
                held = []
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// What was held back, as it stands: the text is over.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    private static func isEntityByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "#"):
            true
        default: false
        }
    }

    private static func value(of entity: [UInt8]) -> [UInt8]? {
        let name = String(decoding: entity.dropFirst().dropLast(), as: UTF8.self)
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default: break
        }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let code =
            digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let code, code != 0, let scalar = Unicode.Scalar(code) else { return nil }
        return Array(String(Character(scalar)).utf8)
    }
}
