/// The backticks around code.
enum Fence {
    /// For a block: longer than any row of backticks in it.
    static func block(for text: String) -> String {
        String(repeating: "`", count: max(3, (rows(in: text).max() ?? 0) + 1))
    }

    /// For code in a line: as many as no row of backticks in it.
    static func inline(for text: String) -> String {
        let rows = Set(rows(in: text))
        var count = 1
        while rows.contains(count) { count += 1 }
        return String(repeating: "`", count: count)
    }

    /// The code with a space at both ends where one is needed so that the parser's stripping leaves the text as it is.
    static func padded(_ text: String) -> String {
        guard let first = text.utf8.first, let last = text.utf8.last else { return text }
        let tick = UInt8(ascii: "`")
        let space = UInt8(ascii: " ")
        let isStripped = first == space && last == space && text.utf8.contains { $0 != space }
        return first == tick || last == tick || isStripped ? " \(text) " : text
    }

    /// The code without a row of three backticks, for platforms whose blocks have no longer fence.
    static func broken(_ text: String) -> String {
        guard rows(in: text).contains(where: { $0 > 2 }) else { return text }
        var result: [UInt8] = []
        var count = 0
        for byte in text.utf8 {
            count = byte == UInt8(ascii: "`") ? count + 1 : 0
            if count == 3 {
                result += Array("\u{200B}".utf8)
                count = 1
            }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func rows(in text: String) -> [Int] {
        var text = text
        return text.withUTF8 { bytes in
            var rows: [Int] = []
            var count = 0
            for byte in bytes {
                if byte == UInt8(ascii: "`") {
                    count += 1
                } else if count > 0 {
                    rows.append(count)
                    count = 0
                }
            }
            if count > 0 { rows.append(count) }
            return rows
        }
    }
}
