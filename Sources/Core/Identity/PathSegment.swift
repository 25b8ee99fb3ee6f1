/// Rules for text that becomes one component of a path.
package enum PathSegment {
    /// True for a name that stays in its directory: not empty, not `.` or `..`, no `/`, `\` or NUL,
    /// no control characters, nothing that breaks a line or turns its direction, at most 255 bytes.
    package static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy { scalar in
                switch scalar.value {
                case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: false
                default: scalar != "/" && scalar != "\\"
                }
            }
    }

    /// True for `[A-Za-z0-9_-]`, 1 to 64 characters: what an id of ours may look like.
    package static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") }
    }

    /// True for the name of a folder under `groups/`: `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`, and not `global`.
    package static func isGroupFolder(_ text: String) -> Bool {
        guard isIdentifier(text), let first = text.utf8.first, text != "global" else { return false }
        return isWord(first) && first != UInt8(ascii: "_")
    }

    /// A destination's local name: lower-case, runs of anything else than `[a-z0-9]` become one `-`,
    /// trimmed; `unnamed` when nothing is left.
    package static func localName(_ text: String) -> String {
        var name = ""
        for character in text.lowercased().utf8 {
            if isWord(character), character != UInt8(ascii: "_") {
                name.unicodeScalars.append(Unicode.Scalar(character))
            } else if !name.isEmpty, !name.hasSuffix("-") {
                name.append("-")
            }
        }
        while name.hasSuffix("-") { name.removeLast() }
        return name.isEmpty ? "unnamed" : name
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Crockford's base 32 in lower case: 128 bits as 26 characters without look-alikes.
enum Base32 {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")

    static func text(_ high: UInt64, _ low: UInt64) -> String {
        var high = high
        var low = low
        var characters: [Character] = []
        for _ in 0..<26 {
            characters.append(digits[Int(low & 31)])
            low = low >> 5 | high << 59
            high >>= 5
        }
        return String(characters.reversed())
    }
}
