/// A field with parameters: `Content-Type` and `Content-Disposition` (RFC 2045 §5, RFC 2231).
struct ParameterField: Sendable, Equatable {
    /// The most parameters that are read.
    private static let most = 64

    /// What stands before the first semicolon, in lower case.
    let value: String
    /// By name in lower case, decoded.
    let parameters: [String: String]

    init(_ text: String) {
        var scanner = FieldScanner(text)
        value = scanner.token(until: ";").lowercased()
        var plain: [String: String] = [:]
        var pieces: [String: [Int: (text: String, isEncoded: Bool)]] = [:]
        for _ in 0..<Self.most {
            guard scanner.skip(";") else { break }
            let name = scanner.token(until: "=", ";").lowercased()
            guard scanner.skip("=") else { continue }
            let text = scanner.word(until: ";")
            guard !name.isEmpty else { continue }
            guard let star = name.firstIndex(of: "*") else {
                plain[name] = plain[name] ?? EncodedWord.decode(text)
                continue
            }
            let base = String(name[..<star])
            var number = name[name.index(after: star)...]
            let isEncoded = number.isEmpty || number.hasSuffix("*")
            if number.hasSuffix("*") { number = number.dropLast() }
            guard let index = number.isEmpty ? 0 : Int(number), (0..<Self.most).contains(index) else { continue }
            pieces[base, default: [:]][index] = (text, isEncoded)
        }
        for (name, pieces) in pieces { plain[name] = Self.joined(pieces) }
        parameters = plain
    }

    /// Pieces in order up to the first that is missing; the first names the charset of those that are encoded.
    private static func joined(_ pieces: [Int: (text: String, isEncoded: Bool)]) -> String {
        var bytes: [UInt8] = []
        var charset: String?
        var index = 0
        while let piece = pieces[index] {
            var text = piece.text[...]
            if index == 0, piece.isEncoded {
                let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
                if parts.count == 3 {
                    charset = String(parts[0])
                    text = parts[2]
                }
            }
            bytes += piece.isEncoded ? unescaped(text) : Array(text.utf8)
            index += 1
        }
        return Charset.text(bytes, charset)
    }

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        let utf8 = Array(text.utf8)
        var index = 0
        while index < utf8.count {
            if utf8[index] == UInt8(ascii: "%"), index + 2 < utf8.count, let high = Byte.hexValue(utf8[index + 1]),
                let low = Byte.hexValue(utf8[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(utf8[index])
                index += 1
            }
        }
        return bytes
    }
}

/// Walks through a structured field: comments are passed over, quoted strings are one word (RFC 5322 §3.2).
struct FieldScanner {
    private let text: [UInt8]
    private var index = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool { index >= text.count }

    /// The next byte behind white space and comments; nil at the end.
    mutating func peek() -> UInt8? {
        skipBlanks()
        return isAtEnd ? nil : text[index]
    }

    /// Takes this byte behind white space and comments; false when another stands there.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    /// Takes whatever stands there.
    mutating func skipOne() { if !isAtEnd { index += 1 } }

    /// What stands before one of these bytes, without white space at its ends and without comments.
    mutating func token(until ends: Unicode.Scalar...) -> String {
        let stops = ends.map { UInt8(ascii: $0) }
        var bytes: [UInt8] = []
        while let byte = peekRaw(), !stops.contains(byte) {
            if byte == UInt8(ascii: "(") {
                skipComment()
                bytes.append(Byte.space)
            } else {
                bytes.append(byte)
                index += 1
            }
        }
        return String(decoding: bytes.trimmingBlanks, as: UTF8.self)
    }

    /// The same, or the contents of a quoted string; what stands behind that up to one of the bytes is passed over.
    mutating func word(until ends: Unicode.Scalar...) -> String {
        guard peek() == Byte.quote else {
            let stops = ends.map { UInt8(ascii: $0) }
            var bytes: [UInt8] = []
            while let byte = peekRaw(), !stops.contains(byte), byte != UInt8(ascii: "(") {
                bytes.append(byte)
                index += 1
            }
            skipTo(stops)
            return String(decoding: bytes.trimmingBlanks, as: UTF8.self)
        }
        let text = quoted() ?? ""
        skipTo(ends.map { UInt8(ascii: $0) })
        return text
    }

    /// The contents of the quoted string that begins here; nil when none does or it does not end.
    mutating func quoted() -> String? {
        guard peekRaw() == Byte.quote else { return nil }
        index += 1
        var bytes: [UInt8] = []
        while let byte = peekRaw() {
            index += 1
            switch byte {
            case Byte.quote: return String(decoding: bytes, as: UTF8.self)
            case Byte.backslash:
                if let next = peekRaw() {
                    bytes.append(next)
                    index += 1
                }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private func peekRaw() -> UInt8? { isAtEnd ? nil : text[index] }

    private mutating func skipTo(_ stops: [UInt8]) {
        while let byte = peek(), !stops.contains(byte) {
            if byte == Byte.quote { _ = quoted() } else { index += 1 }
        }
    }

    private mutating func skipBlanks() {
        while let byte = peekRaw() {
            if byte == UInt8(ascii: "(") {
                skipComment()
            } else if Byte.isBlank(byte) {
                index += 1
            } else {
                return
            }
        }
    }

    /// Comments nest; one that is not closed goes on to the end.
    private mutating func skipComment() {
        var depth = 0
        while let byte = peekRaw() {
            index += 1
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return }
            case Byte.backslash: index += 1
            default: break
            }
        }
    }
}
