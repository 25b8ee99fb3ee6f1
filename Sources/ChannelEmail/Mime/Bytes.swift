/// Bytes that mean something to the formats of mail.
enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let equals = UInt8(ascii: "=")

    /// The value of a hexadecimal digit; nil for another byte.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }
}

extension Collection<UInt8> {
    /// Without spaces and tabs at its ends.
    var trimmingBlanks: SubSequence {
        guard let first = firstIndex(where: { !Byte.isBlank($0) }) else { return self[endIndex...] }
        var end = first
        var next = first
        while next != endIndex {
            let isBlank = Byte.isBlank(self[next])
            formIndex(after: &next)
            if !isBlank { end = next }
        }
        return self[first..<end]
    }
}
