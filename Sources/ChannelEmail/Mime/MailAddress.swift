import Core

/// An address as mail servers route by it: `ann@example.org`, compared without case.
struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// The longest address in bytes (RFC 5321 §4.5.3.1.3, without the angle brackets).
    private static let longest = 254

    /// In lower case: no server in use tells people apart by the case of their letters.
    let local: String
    /// In lower case.
    let domain: String

    /// Reads one bare address; nil for text that is none, quoted local parts and addresses of numbers among it.
    init?(_ text: String) {
        let text = text.trimmingWhiteSpace.lowercased()
        guard text.utf8.count <= Self.longest, let at = text.lastIndex(of: "@") else { return nil }
        let (local, domain) = (String(text[..<at]), String(text[text.index(after: at)...]))
        guard Self.isLocal(local), Self.isDomain(domain) else { return nil }
        self.local = local
        self.domain = domain
    }

    var description: String { "\(local)@\(domain)" }

    /// True when nothing but ASCII is in it, so that any server takes it.
    var isASCII: Bool { description.utf8.allSatisfy { $0 < 0x80 } }

    private static func isLocal(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.unicodeScalars.allSatisfy {
                        isPlain($0) || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains($0)
                    }
            }
    }

    static func isDomain(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.unicodeScalars.allSatisfy { isPlain($0) || $0 == "-" }
            }
    }

    /// Letters and digits; beyond ASCII whatever shows.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
        let category = scalar.properties.generalCategory
        return !scalar.properties.isWhitespace
            && ![.control, .format, .unassigned, .surrogate, .privateUse].contains(category)
    }
}

/// An address with the name that stands before it.
struct Mailbox: Sendable, Equatable {
    var name: String?
    var address: MailAddress

    /// The longest name that is written, in characters.
    private static let longestName = 60
    /// The longest name that is read, in scalars.
    private static let longestRead = 120
    /// The most addresses of one field that are read.
    private static let most = 500

    /// Reads the field `From`, `To` or `Cc` (RFC 5322 §3.4); nil when anything in it is no address.
    static func list(_ field: String) -> [Mailbox]? {
        var scanner = FieldScanner(field)
        var found: [Mailbox] = []
        while scanner.peek() != nil {
            guard found.count < most else { return nil }
            if scanner.skip(",") || scanner.skip(";") { continue }
            switch entry(&scanner) {
            case .mailbox(let mailbox): found.append(mailbox)
            case .group: continue
            case nil: return nil
            }
        }
        return found
    }

    private enum Entry {
        case mailbox(Mailbox)
        /// The name of a group: its members follow.
        case group
    }

    private static func entry(_ scanner: inout FieldScanner) -> Entry? {
        var words: [String] = []
        while let byte = scanner.peek() {
            switch byte {
            case Byte.quote:
                guard let text = scanner.quoted() else { return nil }
                words.append(text)
            case UInt8(ascii: "<"):
                scanner.skipOne()
                // A route before the address is obsolete and leads nowhere.
                let inside = scanner.token(until: ">")
                guard scanner.skip(">"), let address = MailAddress(inside) else { return nil }
                guard let end = scanner.peek() else { return .mailbox(Mailbox(name: name(words), address: address)) }
                guard end == UInt8(ascii: ",") || end == UInt8(ascii: ";") else { return nil }
                return .mailbox(Mailbox(name: name(words), address: address))
            case UInt8(ascii: ":"):
                scanner.skipOne()
                return .group
            case UInt8(ascii: ","), UInt8(ascii: ";"): return bare(words)
            default: words.append(scanner.token(until: ",", ";", "<", ":", "\""))
            }
        }
        return bare(words)
    }

    private static func bare(_ words: [String]) -> Entry? {
        guard words.count == 1, let address = MailAddress(words[0]) else { return nil }
        return .mailbox(Mailbox(name: nil, address: address))
    }

    private static func name(_ words: [String]) -> String? {
        let text = EncodedWord.decode(words.joined(separator: " ")).scalars(longestRead).onOneLine
        return text.isEmpty ? nil : text
    }

    /// The mailbox as a field has it: the name quoted or encoded, never with a line end in it.
    var field: String {
        guard let name = name.map({ String($0.onOneLine.prefix(Self.longestName)) }), !name.isEmpty else {
            return address.description
        }
        let isPlain = name.utf8.allSatisfy { Byte.isLetter($0) || Byte.isDigit($0) || $0 == Byte.space }
        if isPlain { return "\(name) <\(address)>" }
        let isASCII = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !name.contains("=?")
        guard isASCII else { return "\(EncodedWord.encode(name)) <\(address)>" }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped)\" <\(address)>"
    }
}
