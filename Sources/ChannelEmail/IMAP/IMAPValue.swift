/// A value in an IMAP response (RFC 3501 §9).
enum IMAPValue: Sendable, Equatable {
    /// A word that is no string; `NIL` among them.
    case atom(String)
    case string([UInt8])
    case list([IMAPValue])

    /// The bytes of a string; nil for `NIL` and everything else.
    var bytes: [UInt8]? {
        if case .string(let bytes) = self { bytes } else { nil }
    }

    /// The text of an atom or a string.
    var text: String? {
        switch self {
        case .atom(let text): text
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .list: nil
        }
    }

    /// A whole number that is not negative.
    var number: Int? {
        guard case .atom(let text) = self, (1...10).contains(text.utf8.count), text.utf8.allSatisfy(Byte.isDigit) else {
            return nil
        }
        return Int(text)
    }
}

/// Reads the values of one response.
struct IMAPScanner {
    /// Lists in one another.
    static let deepest = 16
    private static let mostValues = 20_000

    private var pieces: ArraySlice<IMAPLineReader.Piece>
    private var text: ArraySlice<UInt8> = []
    private var values = 0

    init(_ pieces: [IMAPLineReader.Piece]) {
        self.pieces = pieces[...]
        nextPiece()
    }

    private mutating func nextPiece() {
        if case .text(let bytes)? = pieces.first {
            text = bytes[...]
            pieces = pieces.dropFirst()
        }
    }

    /// What is left of the current text.
    var rest: String { String(decoding: text, as: UTF8.self) }

    mutating func skipSpaces() { text = text.drop { $0 == Byte.space } }

    /// Takes this byte; false when another stands there.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard text.first == UInt8(ascii: character) else { return false }
        text = text.dropFirst()
        return true
    }

    /// A word up to a space; empty at the end.
    mutating func word() -> String {
        let word = text.prefix { $0 != Byte.space }
        text = text.dropFirst(word.count)
        skipSpaces()
        return String(decoding: word, as: UTF8.self)
    }

    /// The next value; nil at the end, at a closing bracket, and for what is none.
    mutating func value(depth: Int = 0) -> IMAPValue? {
        skipSpaces()
        values += 1
        guard depth <= Self.deepest, values <= Self.mostValues else { return nil }
        guard let first = text.first else {
            guard case .literal(let bytes)? = pieces.first else { return nil }
            pieces = pieces.dropFirst()
            nextPiece()
            return .string(bytes)
        }
        switch first {
        case UInt8(ascii: "("):
            text = text.dropFirst()
            var list: [IMAPValue] = []
            while let value = value(depth: depth + 1) { list.append(value) }
            skipSpaces()
            return skip(")") ? .list(list) : nil
        case UInt8(ascii: ")"): return nil
        case Byte.quote: return quoted()
        default: return atom()
        }
    }

    private mutating func quoted() -> IMAPValue? {
        text = text.dropFirst()
        var bytes: [UInt8] = []
        while let byte = text.popFirst() {
            switch byte {
            case Byte.quote: return .string(bytes)
            case Byte.backslash:
                guard let next = text.popFirst() else { return nil }
                bytes.append(next)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// A word; what stands in square brackets belongs to it, as in `BODY[HEADER.FIELDS (DATE)]<0>`.
    private mutating func atom() -> IMAPValue? {
        var depth = 0
        let word = text.prefix { byte in
            switch byte {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"): depth -= 1
            case Byte.space, UInt8(ascii: "("), UInt8(ascii: ")"), Byte.quote: return depth > 0
            default: break
            }
            return true
        }
        text = text.dropFirst(word.count)
        return word.isEmpty ? nil : .atom(String(decoding: word, as: UTF8.self))
    }
}
