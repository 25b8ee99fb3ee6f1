/// Takes a `Content-Transfer-Encoding` (RFC 2045 §6) away from bytes that come in pieces.
enum TransferDecoder: Sendable {
    case identity
    case base64(Base64Decoder)
    case quotedPrintable(QuotedPrintableDecoder)

    /// The decoder of a field's value; what is unknown is taken as it is.
    init(_ name: String?) {
        switch name?.onOneLine.lowercased() {
        case "base64": self = .base64(Base64Decoder())
        case "quoted-printable": self = .quotedPrintable(QuotedPrintableDecoder())
        default: self = .identity
        }
    }

    mutating func decode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        switch self {
        case .identity: return Array(bytes)
        case .base64(var decoder):
            defer { self = .base64(decoder) }
            return decoder.decode(bytes)
        case .quotedPrintable(var decoder):
            defer { self = .quotedPrintable(decoder) }
            return decoder.decode(bytes)
        }
    }

    /// What is left at the end.
    mutating func finish() -> [UInt8] {
        guard case .quotedPrintable(var decoder) = self else { return [] }
        defer { self = .quotedPrintable(decoder) }
        return decoder.finish()
    }
}

/// Base64 as mail has it: bytes outside the alphabet are passed over, padding ends it.
struct Base64Decoder: Sendable {
    private var bits: UInt32 = 0
    private var count = 0
    private var isOver = false

    mutating func decode(_ text: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        for byte in text where !isOver {
            if byte == Byte.equals {
                isOver = true
                break
            }
            guard let value = Self.value(byte) else { continue }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 != 1 { bytes.append(UInt8(truncatingIfNeeded: bits >> Self.shift[count % 4])) }
            if count == 4 { count = 0 }
        }
        return bytes
    }

    /// How far the newest whole byte is from the end after so many digits of four.
    private static let shift: [UInt32] = [0, 0, 4, 2]

    /// All bytes of a text.
    static func all(_ text: [UInt8]) -> [UInt8] {
        var decoder = Base64Decoder()
        return decoder.decode(text)
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

/// Quoted-printable (RFC 2045 §6.7), leniently: what is no escape stays as it is.
struct QuotedPrintableDecoder: Sendable {
    /// What an equals sign, or white space that may be the line's end, has begun.
    private var pending: [UInt8] = []

    mutating func decode(_ text: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        for byte in text { take(byte, &bytes) }
        return bytes
    }

    private mutating func take(_ byte: UInt8, _ bytes: inout [UInt8]) {
        guard let first = pending.first else {
            if byte == Byte.equals || Byte.isBlank(byte) { pending = [byte] } else { bytes.append(byte) }
            return
        }
        if first == Byte.equals { return takeEscaped(byte, &bytes) }
        // White space: dropped before a line's end.
        if Byte.isBlank(byte), pending.count < 1000 {
            pending.append(byte)
        } else {
            if byte != Byte.carriageReturn && byte != Byte.lineFeed { bytes += pending }
            pending = []
            take(byte, &bytes)
        }
    }

    private mutating func takeEscaped(_ byte: UInt8, _ bytes: inout [UInt8]) {
        switch (pending.count, byte) {
        // A soft line break, with white space that was added on the way.
        case (_, Byte.lineFeed) where pending.dropFirst().allSatisfy { Byte.isBlank($0) || $0 == Byte.carriageReturn }:
            pending = []
        case (1, Byte.carriageReturn), (1, Byte.space), (1, Byte.tab): pending.append(byte)
        case (2..<100, Byte.space), (2..<100, Byte.tab), (2..<100, Byte.carriageReturn):
            if Byte.isBlank(pending[1]) { pending.append(byte) } else { giveUp(byte, &bytes) }
        case (1, _) where Byte.hexValue(byte) != nil: pending.append(byte)
        case (2, _):
            if let high = Byte.hexValue(pending[1]), let low = Byte.hexValue(byte) {
                bytes.append(high << 4 | low)
                pending = []
            } else {
                giveUp(byte, &bytes)
            }
        default: giveUp(byte, &bytes)
        }
    }

    private mutating func giveUp(_ byte: UInt8, _ bytes: inout [UInt8]) {
        bytes += pending
        pending = []
        take(byte, &bytes)
    }

    /// What is left at the end.
    mutating func finish() -> [UInt8] {
        defer { pending = [] }
        return pending.first == Byte.equals ? (pending.count == 1 ? [] : pending) : []
    }
}
