import ChannelNetwork

/// Text in header fields that is not ASCII (RFC 2047).
enum EncodedWord {
    /// The longest encoded word in bytes (§2).
    private static let longest = 75
    /// Longer words are written by programs that do not care; beyond this it is none.
    private static let longestRead = 400
    /// What is longer, in bytes, is cut before it is read.
    private static let longestField = 16 << 10

    /// Reads the encoded words in a field's text; what is none stays as it is.
    static func decode(_ text: String) -> String {
        guard text.contains("=?") else { return text }
        let text = text.utf8.count > longestField ? String(text.prefix(longestField / 4)) : text
        var result = ""
        var pending: (charset: String, bytes: [UInt8])?
        func flush() {
            if let word = pending { result += Charset.text(word.bytes, word.charset) }
            pending = nil
        }
        var rest = text[...]
        while let start = rest.firstRange(of: "=?") {
            let between = rest[..<start.lowerBound]
            guard let (charset, bytes, end) = word(rest[start.lowerBound...]) else {
                flush()
                result += rest[..<start.upperBound]
                rest = rest[start.upperBound...]
                continue
            }
            // White space between two words belongs to neither (§6.2).
            if pending == nil || !between.allSatisfy(\.isWhitespace) {
                flush()
                result += between
            }
            if let before = pending, before.charset == charset {
                // A character may be split between two words.
                pending = (charset, before.bytes + bytes)
            } else {
                flush()
                pending = (charset, bytes)
            }
            rest = rest[end...]
        }
        flush()
        return result + rest
    }

    private static func word(_ text: Substring) -> (charset: String, bytes: [UInt8], end: String.Index)? {
        let parts = text.dropFirst(2).prefix(longestRead).split(
            separator: "?",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard parts.count == 3, !parts[0].isEmpty, parts[0].utf8.count <= 60,
            let close = parts[2].firstRange(of: "?=")
        else { return nil }
        let body = parts[2][..<close.lowerBound]
        guard !body.contains(where: { $0 == " " || $0 == "\t" }) else { return nil }
        // RFC 2231 §5 puts a language behind the charset.
        let charset = parts[0].prefix { $0 != "*" }.lowercased()
        switch parts[1].lowercased() {
        case "b": return (charset, Base64Decoder.all(Array(body.utf8)), close.upperBound)
        case "q": return (charset, quoted(Array(body.utf8)), close.upperBound)
        default: return nil
        }
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == Byte.equals, index + 2 < text.count, let high = Byte.hexValue(text[index + 1]),
                let low = Byte.hexValue(text[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(byte == UInt8(ascii: "_") ? Byte.space : byte)
                index += 1
            }
        }
        return bytes
    }

    /// The text as words of ASCII separated by spaces, encoded where it must be; control characters are dropped.
    static func encode(_ text: String) -> String {
        let text = text.onOneLine
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !text.contains("=?") { return text }
        var words: [String] = []
        var chunk: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // "=?UTF-8?B?" and "?=" are 12 of the 75 bytes; 45 bytes are 60 of base64.
            if chunk.count + bytes.count > 45 {
                words.append("=?UTF-8?B?\(Base64.encode(chunk))?=")
                chunk = []
            }
            chunk += bytes
        }
        if !chunk.isEmpty { words.append("=?UTF-8?B?\(Base64.encode(chunk))?=") }
        return words.joined(separator: " ")
    }
}
