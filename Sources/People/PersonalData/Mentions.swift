package import CentralStore
import Core

/// By which words a text about a person is found: ids, handles and names, as whole words in any case.
package struct Mentions: Sendable, Equatable {
    /// Lower case; nothing shorter than three characters, which would be in every text.
    package let words: [[UInt8]]

    package init(of users: [User]) {
        var texts: Set<String> = []
        for user in users {
            let names: [String?] = [user.id.native, user.id.description, user.handle, user.displayName]
            for name in names.compactMap(\.self) { texts.insert(name.lowercased()) }
        }
        words = texts.filter { $0.utf8.count >= 3 }.sorted().map { Array($0.utf8) }
    }

    /// Whether the bytes of a text have one of the words.
    package func isIn(_ bytes: [UInt8]) -> Bool {
        let text = Array(String(decoding: bytes, as: UTF8.self).lowercased().utf8)
        return words.contains { Self.holds(text, $0) }
    }

    private static func holds(_ text: [UInt8], _ word: [UInt8]) -> Bool {
        guard text.count >= word.count else { return false }
        for start in 0...(text.count - word.count)
        where text[start] == word[0] && text[start..<(start + word.count)].elementsEqual(word) {
            let before = start > 0 ? text[start - 1] : nil
            let end = start + word.count
            let after = end < text.count ? text[end] : nil
            if !(before.map(isWord) ?? false), !(after.map(isWord) ?? false) { return true }
        }
        return false
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
