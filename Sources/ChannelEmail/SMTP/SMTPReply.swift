import Core

/// One answer of an SMTP server (RFC 5321 §4.2).
struct SMTPReply: Sendable, Equatable {
    let code: Int
    /// The enhanced status (RFC 3463) that begins the text, as in `5.1.1`.
    let enhanced: Enhanced?
    /// The lines without code, one or more.
    let lines: [String]

    struct Enhanced: Sendable, Equatable {
        var kind: Int
        var subject: Int
        var detail: Int
    }

    init(code: Int, lines: [String]) {
        self.code = code
        self.lines = lines
        enhanced = lines.first.flatMap { Self.enhanced($0, code / 100) }
    }

    private static func enhanced(_ line: String, _ kind: Int) -> Enhanced? {
        let numbers = line.prefix { $0 != " " }.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 3,
            numbers.allSatisfy({ (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy(Byte.isDigit) }),
            let first = Int(numbers[0]), first == kind, let subject = Int(numbers[1]), let detail = Int(numbers[2])
        else { return nil }
        return Enhanced(kind: first, subject: subject, detail: detail)
    }

    /// Code and words on one line, for errors.
    var words: String { "\(code) " + String(lines.joined(separator: " ").onOneLine.prefix(240)) }
}

/// Cuts what an SMTP server sends into replies, within bounds.
struct SMTPReplyReader: Sendable {
    /// The longest line in bytes; RFC 5321 §4.5.3.1.5 allows 512.
    static let longestLine = 4096
    static let mostLines = 128

    private var buffer: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    /// True while nothing waits to be read.
    var isEmpty: Bool { buffer.isEmpty && lines.isEmpty }

    mutating func feed(_ bytes: [UInt8]) { buffer += bytes }

    /// The next whole reply; nil until more bytes come.
    ///
    /// Throws `malformed` for what is none.
    mutating func next() throws(MailError) -> SMTPReply? {
        while let end = buffer.firstIndex(of: Byte.lineFeed) {
            var line = buffer[..<end]
            if line.last == Byte.carriageReturn { line = line.dropLast() }
            guard line.count <= Self.longestLine, line.count >= 3, line.prefix(3).allSatisfy(Byte.isDigit),
                let number = Int(String(decoding: line.prefix(3), as: UTF8.self)), (200..<600).contains(number),
                code == nil || code == number
            else { throw Self.malformed }
            let mark = line.dropFirst(3).first ?? Byte.space
            guard mark == Byte.space || mark == UInt8(ascii: "-") else { throw Self.malformed }
            lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
            guard lines.count <= Self.mostLines else { throw Self.malformed }
            buffer.removeFirst(end + 1)
            code = number
            if mark == Byte.space {
                defer { (code, lines) = (nil, []) }
                return SMTPReply(code: number, lines: lines)
            }
        }
        guard buffer.count <= Self.longestLine else { throw Self.malformed }
        return nil
    }

    private static var malformed: MailError {
        MailError(.malformed, "what the SMTP server sends is no reply: is SMTP spoken at this port?")
    }
}
