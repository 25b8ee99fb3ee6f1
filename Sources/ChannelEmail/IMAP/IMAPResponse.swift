/// One response of an IMAP server (RFC 3501 §7).
enum IMAPResponse: Sendable, Equatable {
    /// The server waits for more of the command.
    case continuation(String)
    /// The end of a command, by its tag; without one something that the server tells.
    case status(tag: String?, IMAPStatus)
    /// `* 23 EXISTS`
    case exists(Int)
    /// `* 23 EXPUNGE`
    case expunge(Int)
    /// What was asked of one mail, by names in capital letters.
    case fetch([String: IMAPValue])
    /// Names in capital letters.
    case capability(Set<String>)
    /// Numbers of mails.
    case search([UInt32])
    case other

    /// Reads a response; one that follows no rule is ``other``.
    init(_ pieces: [IMAPLineReader.Piece]) {
        var scanner = IMAPScanner(pieces)
        let tag = scanner.word()
        switch tag {
        case "+": self = .continuation(scanner.rest)
        case "*": self = Self.untagged(&scanner)
        default: self = IMAPStatus(&scanner).map { .status(tag: tag, $0) } ?? .other
        }
    }

    private static func untagged(_ scanner: inout IMAPScanner) -> IMAPResponse {
        var copy = scanner
        if let status = IMAPStatus(&copy) { return .status(tag: nil, status) }
        let first = scanner.word()
        switch first.uppercased() {
        case "CAPABILITY": return .capability(Set(words(&scanner)))
        case "SEARCH":
            // No mail has the last number: nothing could come behind it.
            return .search(words(&scanner).compactMap { UInt32($0) }.filter { $0 > 0 && $0 < .max })
        default: break
        }
        guard first.utf8.count <= 10, let number = Int(first), number >= 0 else { return .other }
        switch scanner.word().uppercased() {
        case "EXISTS": return .exists(number)
        case "EXPUNGE": return .expunge(number)
        case "FETCH":
            guard case .list(let list)? = scanner.value() else { return .other }
            var items: [String: IMAPValue] = [:]
            for index in stride(from: 0, to: list.count - 1, by: 2) {
                guard case .atom(let name) = list[index] else { return .other }
                items[name.uppercased()] = list[index + 1]
            }
            return .fetch(items)
        default: return .other
        }
    }

    private static func words(_ scanner: inout IMAPScanner) -> [String] {
        scanner.rest.split(separator: " ").map { $0.uppercased() }
    }
}

/// What a command or the connection came to (RFC 3501 §7.1).
struct IMAPStatus: Sendable, Equatable {
    enum Kind: String, Sendable {
        case ok = "OK"
        case no = "NO"
        case bad = "BAD"
        case bye = "BYE"
        case preauth = "PREAUTH"
    }

    let kind: Kind
    /// What stands first in square brackets, in capital letters: `UIDVALIDITY`, `AUTHENTICATIONFAILED`.
    let code: String?
    /// What follows the code inside the brackets.
    let argument: String
    /// Words for people.
    let text: String

    init?(_ scanner: inout IMAPScanner) {
        guard let kind = Kind(rawValue: scanner.word().uppercased()) else { return nil }
        self.kind = kind
        var rest = scanner.rest[...]
        if rest.hasPrefix("["), let close = rest.firstIndex(of: "]") {
            let inside = rest[rest.index(after: rest.startIndex)..<close]
            let words = inside.split(separator: " ", maxSplits: 1)
            code = words.first.map { $0.uppercased() }
            argument = words.count == 2 ? String(words[1]) : ""
            rest = rest[rest.index(after: close)...]
        } else {
            code = nil
            argument = ""
        }
        text = String(rest.onOneLineWords.prefix(200))
    }
}

extension Substring {
    /// On one line, for errors.
    fileprivate var onOneLineWords: String { String(self).onOneLine }
}
