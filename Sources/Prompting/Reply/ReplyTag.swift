/// A tag of the reply grammar at the head of some bytes.
enum ReplyTag: Equatable {
    case openMessage(to: String)
    case closeMessage
    case openInternal
    case closeInternal

    /// What stands at the head.
    enum Scan: Equatable {
        /// A tag of that many bytes.
        case tag(ReplyTag, length: Int)
        /// Plain text that happens to begin with `<`.
        case text
        /// More bytes are needed to tell.
        case incomplete
    }

    /// A start tag longer than this is text.
    private static let longest = 1024

    /// Reads the head of bytes that begin with `<`.
    static func scan(_ bytes: ArraySlice<UInt8>) -> Scan {
        var result = Scan.text
        for (name, closes) in [("message", false), ("internal", false), ("message", true), ("internal", true)] {
            switch match(bytes, name: name, closes: closes) {
            case .tag(let tag, let length): return .tag(tag, length: length)
            case .incomplete: result = .incomplete
            case .text: continue
            }
        }
        return result
    }

    private static func match(_ bytes: ArraySlice<UInt8>, name: String, closes: Bool) -> Scan {
        var index = bytes.startIndex
        for expected in ((closes ? "</" : "<") + name).utf8 {
            guard index < bytes.endIndex else { return .incomplete }
            guard bytes[index] | 0x20 == expected | 0x20, bytes[index] == expected || isLetter(expected) else {
                return .text
            }
            index += 1
        }
        guard index < bytes.endIndex else { return .incomplete }
        guard isSpace(bytes[index]) || bytes[index] == UInt8(ascii: ">") else { return .text }
        switch attributes(bytes[index...]) {
        case .incomplete: return bytes.count > longest ? .text : .incomplete
        case .bad: return .text
        case .end(let end, let values):
            let length = end - bytes.startIndex
            // In pieces it would have been given up by now.
            guard length <= longest else { return .text }
            if closes { return .tag(name == "message" ? .closeMessage : .closeInternal, length: length) }
            if name == "internal" { return .tag(.openInternal, length: length) }
            guard let to = values["to"] else { return .text }
            return .tag(.openMessage(to: to), length: length)
        }
    }

    private enum Attributes {
        case end(Int, [String: String])
        case incomplete
        case bad
    }

    /// Reads `name="value"` pairs up to and with `>`; either kind of quotes, or none.
    private static func attributes(_ bytes: ArraySlice<UInt8>) -> Attributes {
        var values: [String: String] = [:]
        var index = bytes.startIndex
        while true {
            while index < bytes.endIndex, isSpace(bytes[index]) { index += 1 }
            guard index < bytes.endIndex else { return .incomplete }
            if bytes[index] == UInt8(ascii: ">") { return .end(index + 1, values) }
            let nameStart = index
            while index < bytes.endIndex, !isSpace(bytes[index]), !"=><\"'".utf8.contains(bytes[index]) { index += 1 }
            guard index < bytes.endIndex else { return .incomplete }
            guard index > nameStart, bytes[index] != UInt8(ascii: "<") else { return .bad }
            let name = String(decoding: bytes[nameStart..<index], as: UTF8.self).lowercased()
            while index < bytes.endIndex, isSpace(bytes[index]) { index += 1 }
            guard index < bytes.endIndex else { return .incomplete }
            guard bytes[index] == UInt8(ascii: "=") else { continue }
            index += 1
            while index < bytes.endIndex, isSpace(bytes[index]) { index += 1 }
            guard index < bytes.endIndex else { return .incomplete }
            let quote = bytes[index]
            let value: ArraySlice<UInt8>
            if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                guard let end = bytes[(index + 1)...].firstIndex(of: quote) else { return .incomplete }
                value = bytes[(index + 1)..<end]
                index = end + 1
            } else {
                let end = bytes[index...].firstIndex { isSpace($0) || $0 == UInt8(ascii: ">") }
                guard let end else { return .incomplete }
                value = bytes[index..<end]
                index = end
            }
            if values[name] == nil { values[name] = Markup.unescape(String(decoding: value, as: UTF8.self)) }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
