/// Takes from a text what no client can show.
enum VisibleText {
    enum Place { case line, code }

    /// Without control characters; in a line each break is a space, in code a newline.
    static func cleaned(_ text: String, in place: Place) -> String {
        guard needsCleaning(text, place) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A, 0x2028, 0x2029: result.append(place == .line ? " " : "\n")
            case 0x09: result.append(scalar)
            case 0x0D: if place == .line { result.append(" ") }
            case 0..<0x20, 0x7F..<0xA0: break
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// The text of a code block, without the newline and the empty lines at its end; empty when there is only white space.
    static func code(_ text: String) -> String {
        let clean = cleaned(text, in: .code)
        guard let last = clean.utf8.lastIndex(where: { $0 != 0x0A }) else { return "" }
        let kept = clean[...last]
        return kept.unicodeScalars.allSatisfy(isSpace) ? "" : String(kept)
    }

    /// The language in a fence's info string; empty when it is no plain word of up to 32 characters.
    static func language(_ info: String) -> String {
        let word = info.prefix { !$0.isWhitespace }
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && word.utf8.count <= 32 ? String(word) : ""
    }

    /// White space as CommonMark's rules for emphasis take it, and what is as blank.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80
            ? scalar.value == 0x20 || (0x09...0x0D).contains(scalar.value) : scalar.properties.isWhitespace
    }

    private static func needsCleaning(_ text: String, _ place: Place) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                if byte < 0x20 {
                    if byte != 0x09 && (byte != 0x0A || place == .line) { return true }
                } else if byte == 0x7F || (previous == 0xC2 && byte < 0xA0) || (previous == 0xE2 && byte == 0x80) {
                    return true
                }
                previous = byte
            }
            return false
        }
    }
}
