/// Writes text so that any server carries it unchanged (RFC 2045 §6.7): lines of at most 76 ASCII characters.
///
/// No line begins with a dot or with `From `, which servers on the way might change.
enum QuotedPrintable {
    private static let width = 76
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The text with every line ended by CRLF.
    static func encode(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        var line: [UInt8] = []
        func end() {
            out += line
            out += [Byte.carriageReturn, Byte.lineFeed]
            line = []
        }
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : Byte.lineFeed
            if byte == Byte.lineFeed {
                end()
                continue
            }
            if byte == Byte.carriageReturn, next == Byte.lineFeed { continue }
            let isLast = next == Byte.lineFeed || (next == Byte.carriageReturn && index + 2 >= bytes.count)
            let piece = needsEscape(byte, isFirst: line.isEmpty, isLast: isLast) ? escape(byte) : [byte]
            // The equals sign of a soft break needs the last place.
            if line.count + piece.count > width - 1 {
                line.append(Byte.equals)
                end()
            }
            line += line.isEmpty && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "F")) ? escape(byte) : piece
        }
        if !line.isEmpty { end() }
        return out
    }

    private static func needsEscape(_ byte: UInt8, isFirst: Bool, isLast: Bool) -> Bool {
        switch byte {
        case Byte.equals: true
        case Byte.space, Byte.tab: isLast
        case UInt8(ascii: "."), UInt8(ascii: "F"): isFirst
        default: byte < 0x21 || byte > 0x7E
        }
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        [Byte.equals, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
