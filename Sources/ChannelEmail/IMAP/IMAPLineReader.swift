import Core

/// Cuts what an IMAP server sends into responses, literals included (RFC 3501 §4.3), within bounds.
struct IMAPLineReader: Sendable {
    /// One piece of a response.
    enum Piece: Sendable, Equatable {
        case text([UInt8])
        case literal([UInt8])
    }

    /// Bounds of one response.
    enum Limit {
        /// Text outside of literals, in bytes; the answer to a search is one line.
        static let text = 1 << 20
        /// One literal, in bytes; more than a piece of a mail is never asked for.
        static let literal = 512 << 10
        static let literals = 32
    }

    private var buffer: [UInt8] = []
    /// Up to here no line end is.
    private var searched = 0
    private var pieces: [Piece] = []
    private var textSize = 0
    private var literals = 0
    /// Bytes of the literal that comes next; nil outside of one.
    private var literal: Int?

    /// True while nothing waits to be read.
    var isEmpty: Bool { buffer.isEmpty && pieces.isEmpty }

    mutating func feed(_ bytes: [UInt8]) { buffer += bytes }

    /// The next whole response; nil until more bytes come.
    ///
    /// Throws `malformed` over a bound.
    mutating func next() throws(MailError) -> [Piece]? {
        while true {
            if let size = literal {
                guard buffer.count >= size else { return nil }
                pieces.append(.literal(Array(buffer[..<size])))
                buffer.removeFirst(size)
                literal = nil
                searched = 0
            }
            guard let end = lineEnd() else {
                guard buffer.count + textSize <= Limit.text else { throw Self.over("a line") }
                return nil
            }
            let line = Array(buffer[..<end.start])
            buffer.removeFirst(end.next)
            searched = 0
            textSize += line.count
            guard textSize <= Limit.text else { throw Self.over("a line") }
            guard let size = try Self.literalSize(line) else {
                pieces.append(.text(line))
                defer { (pieces, textSize, literals) = ([], 0, 0) }
                return pieces
            }
            literals += 1
            guard literals <= Limit.literals else { throw Self.over("the number of literals") }
            pieces.append(.text(Array(line[..<size.start])))
            literal = size.count
        }
    }

    private mutating func lineEnd() -> (start: Int, next: Int)? {
        guard let feed = buffer[searched...].firstIndex(of: Byte.lineFeed) else {
            searched = buffer.count
            return nil
        }
        let isPair = feed > 0 && buffer[feed - 1] == Byte.carriageReturn
        return (isPair ? feed - 1 : feed, feed + 1)
    }

    /// The literal that a line announces at its end: `{123}`, `{123+}` or `~{123}`.
    private static func literalSize(_ line: [UInt8]) throws(MailError) -> (start: Int, count: Int)? {
        guard line.last == UInt8(ascii: "}"), let open = line.lastIndex(of: UInt8(ascii: "{")) else { return nil }
        var digits = line[(open + 1)..<(line.count - 1)]
        if digits.last == UInt8(ascii: "+") { digits = digits.dropLast() }
        guard !digits.isEmpty, digits.allSatisfy(Byte.isDigit) else { return nil }
        guard digits.count <= 9, let count = Int(String(decoding: digits, as: UTF8.self)), count <= Limit.literal else {
            throw over("a literal")
        }
        let start = open > 0 && line[open - 1] == UInt8(ascii: "~") ? open - 1 : open
        return (start, count)
    }

    private static func over(_ what: String) -> MailError {
        MailError(.malformed, "the IMAP server sends more than is asked for: \(what) is over its bound")
    }
}
