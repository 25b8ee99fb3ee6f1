import Core

/// A message that may be the answer to a card: `2`, `2 K7`, `3: too risky`, `3 K7: too risky`.
///
/// The whole message, or it is none: `2 apples` is what it says.
package struct CardReply: Sendable, Equatable {
    /// The number of the choice, from 1.
    package let number: Int
    /// Which card, in capital letters and digits; nil for the newest.
    package let code: String?
    /// Words after a colon; nil without.
    package let note: String?

    /// The longest note in bytes; a longer one is an ordinary message.
    package static let longestNote = 2_000

    /// Reads a message's text; nil when it is no answer.
    package init?(_ text: String) {
        // By bytes: as a character a digit or a colon is another one when an accent follows it.
        let bytes = Array(text.trimmingWhiteSpace.utf8)
        let (head, tail) = Self.split(bytes)
        let words = head.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard (1...2).contains(words.count), let number = Self.number(words[0]) else { return nil }
        self.number = number
        if words.count == 2 {
            guard let code = CardCode.normalised(words[1]) else { return nil }
            self.code = code
        } else {
            code = nil
        }
        guard let tail else {
            note = nil
            return
        }
        let text = String(decoding: tail, as: UTF8.self).trimmingWhiteSpace
        guard !text.isEmpty, text.utf8.count <= Self.longestNote else { return nil }
        note = text
    }

    /// True when the card has an answer with this number, and that one takes words when there are some.
    package func fits(_ card: Card) -> Bool {
        guard number <= card.choices.count else { return false }
        return note == nil || card.choices[number - 1].takesNote
    }

    private static func split(_ bytes: [UInt8]) -> (head: ArraySlice<UInt8>, tail: ArraySlice<UInt8>?) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return (bytes[...], nil) }
        return (bytes[..<colon], bytes[(colon + 1)...])
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard (1...2).contains(bytes.count), bytes.first != UInt8(ascii: "0"),
            bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}

/// The two characters that name an open card in its chat: a letter and a digit without look-alikes.
package enum CardCode {
    private static let letters = Array("ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let digits = Array("23456789".utf8)

    /// How many there are.
    package static let count = letters.count * digits.count

    /// One that is not taken, by chance; nil when all are.
    package static func free(besides taken: Set<String>) -> String? {
        let all = letters.flatMap { letter in digits.map { String(decoding: [letter, $0], as: UTF8.self) } }
        return all.filter { !taken.contains($0) }.randomElement()
    }

    /// The code in capitals; nil for what is none.
    static func normalised(_ bytes: some Collection<UInt8>) -> String? {
        let pair = bytes.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 32 : $0 }
        guard pair.count == 2, letters.contains(pair[0]), digits.contains(pair[1]) else { return nil }
        return String(decoding: pair, as: UTF8.self)
    }
}
