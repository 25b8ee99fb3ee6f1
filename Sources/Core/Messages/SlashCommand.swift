/// A command that a person types as a chat message: `/clear`, `/stop`.
///
/// Host and runner read commands with this one parser, so that what the host's gate lets pass is exactly what the
/// runner acts on. `/clear@bot`, `/clearx` and `/etc/passwd` are never `/clear`.
package struct SlashCommand: Sendable, Equatable {
    /// Forgets the conversation; the runner answers it.
    package static let clear = "clear"
    /// Ends the turn and its sandbox; the host answers it.
    package static let stop = "stop"
    /// Asks for a code that makes another handle the same human's; the host answers it.
    package static let link = "link"

    /// The word after the slash in lower case: 1 to 32 characters of `[a-z0-9_-]`.
    package let name: String
    /// What follows the word, without the white space around it; may be empty.
    package let arguments: String

    /// Reads a message's text; nil unless it is one slash, a name, and then the end or white space.
    package init?(_ text: String) {
        // By scalars: as a character a space is another one when an accent follows it.
        let scalars = text.trimmingWhiteSpace.unicodeScalars
        guard scalars.first == "/" else { return nil }
        let word = scalars.dropFirst().prefix { !$0.properties.isWhitespace }
        guard (1...32).contains(word.count), String(word).utf8.allSatisfy(Self.isNameByte) else { return nil }
        name = String(word).lowercased()
        arguments = String(scalars[word.endIndex...]).trimmingWhiteSpace
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension String {
    /// The text without white space at its ends.
    package var trimmingWhiteSpace: String {
        guard let first = unicodeScalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(unicodeScalars[first...last])
    }
}
