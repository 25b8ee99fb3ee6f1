/// The bytes of a rendering while it is written.
struct Output {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    /// The text with this byte before each of the set.
    mutating func append(_ text: String, escaping set: ByteSet, with escape: UInt8 = UInt8(ascii: "\\")) {
        append(text, replacing: set) { byte, out in
            out.append(escape)
            out.append(byte)
        }
    }

    /// The text with something else in place of each byte of the set.
    mutating func append(_ text: String, replacing set: ByteSet, _ replace: (UInt8, inout Output) -> Void) {
        var text = text
        text.withUTF8 { source in
            // Long stretches without any are copied whole: this loop sees each byte of every message.
            var start = 0
            var index = 0
            let count = source.count
            while index < count {
                let byte = source[index]
                if byte < 0x80, set.contains(byte) {
                    if index > start { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[start..<index])) }
                    replace(byte, &self)
                    start = index + 1
                }
                index += 1
            }
            if count > start { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[start..<count])) }
        }
    }
}

/// A set of ASCII characters.
struct ByteSet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ characters: StaticString) {
        characters.withUTF8Buffer { bytes in
            for byte in bytes {
                if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 64 ? low & (1 << UInt64(byte)) != 0 : byte < 128 && high & (1 << UInt64(byte - 64)) != 0
    }
}
