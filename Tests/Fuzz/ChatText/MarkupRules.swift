/// Strict readers of what is written for platforms that refuse, or show wrongly, what breaks their rules.
enum MarkupRules {
    private static let tags: Set<String> = [
        "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
        "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ]
    private static let entities = ["&amp;", "&lt;", "&gt;", "&quot;"].map { Array($0.utf8) }

    /// Every tag is one of ours and is closed in order; every `&` begins an entity.
    static func checkHTML(_ text: String) {
        var open: [String] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "<"):
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { violated("a tag of HTML ends") }
                let tag = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
                rest = rest[(end + 1)...]
                check(tag, &open)
            case UInt8(ascii: ">"): violated("a bracket in HTML is escaped")
            case UInt8(ascii: "&"):
                require(entities.contains { rest.starts(with: $0) }, "an ampersand in HTML begins an entity")
                rest = rest.dropFirst()
            default: rest = rest.dropFirst()
            }
        }
        require(open.isEmpty, "every tag of HTML is closed: \(open)")
    }

    private static func check(_ tag: String, _ open: inout [String]) {
        let isEmpty = tag.utf8.last == UInt8(ascii: "/")
        let isEnd = tag.utf8.first == UInt8(ascii: "/")
        let body = isEnd ? tag.dropFirst() : isEmpty ? tag.dropLast() : tag[...]
        let name = String(body.prefix { $0 != " " })
        require(tags.contains(name), "a tag of HTML is one of ours: \(tag)")
        if isEnd {
            require(open.popLast() == name, "tags of HTML are closed in order: \(tag)")
        } else if !isEmpty {
            open.append(name)
        }
        guard !isEnd, body.utf8.count > name.utf8.count else { return }
        let quotes = body.utf8.count { $0 == UInt8(ascii: "\"") }
        require(quotes > 0 && quotes.isMultiple(of: 2), "the attributes of a tag are quoted: \(tag)")
        let rest = Array(body.utf8)
        for index in rest.indices where rest[index] == UInt8(ascii: "&") {
            require(entities.contains { rest[index...].starts(with: $0) }, "an ampersand in an attribute is escaped")
        }
    }

    /// Every `&` begins one of Slack's three entities, and brackets stand around links only.
    static func checkSlack(_ text: String) {
        var isInside = false
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "&"):
                require(
                    entities.dropLast().contains { bytes[index...].starts(with: $0) },
                    "an ampersand for Slack begins an entity"
                )
            case UInt8(ascii: "<"):
                require(!isInside, "a bracket for Slack stands in no other")
                isInside = true
                let isLink = ["http://", "https://", "mailto:"].contains {
                    String(decoding: bytes[(index + 1)...].prefix($0.utf8.count), as: UTF8.self).lowercased() == $0
                }
                require(isLink, "brackets for Slack are those of a link")
            case UInt8(ascii: ">"):
                // At a line's beginning it marks a quote.
                let isQuote = index == 0 || [0x0A, 0x20, UInt8(ascii: ">")].contains(bytes[index - 1])
                require(isInside || isQuote, "a closing bracket for Slack closes a link or marks a quote")
                isInside = false
            default: break
            }
        }
        require(!isInside, "a link for Slack is closed")
    }
}

/// Reads MarkdownV2 as the Bot API does: what it refuses is refused here.
enum TelegramMarkup {
    struct Failure: Error { var words: String }

    private static let reserved = Set("_*[]()~`>#+-=|{}.!".utf8)

    /// The text that people see.
    static func shown(_ text: String) -> Result<String, Failure> {
        var reader = Reader(bytes: Array(text.utf8))
        do throws(Failure) {
            try reader.read()
            return .success(String(decoding: reader.plain, as: UTF8.self))
        } catch {
            return .failure(error)
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0
        var plain: [UInt8] = []
        var open: [String] = []

        mutating func read() throws(Failure) {
            while place < bytes.count { try step() }
            guard open.isEmpty else { throw Failure(words: "it does not close \(open)") }
        }

        private func starts(_ mark: String) -> Bool { bytes[place...].starts(with: mark.utf8) }

        private mutating func step() throws(Failure) {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\\"), place + 1 < bytes.count, (1...126).contains(bytes[place + 1]) {
                plain.append(bytes[place + 1])
                place += 2
                return
            }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return take(byte) }
            guard reserved.contains(byte) else { return take(byte) }
            let isLineStart = place == 0 || bytes[place - 1] == UInt8(ascii: "\n")
            if starts("```") { return try code("```") }
            if starts("`") { return try code("`") }
            if starts(">"), isLineStart {
                place += 1
                return
            }
            if starts("](") || starts("]") {
                guard open.popLast() == "[" else { throw Failure(words: "a link ends that has not begun") }
                place += 1
                guard place < bytes.count, bytes[place] == UInt8(ascii: "(") else { throw Failure(words: "no target") }
                return try target()
            }
            for mark in ["||", "__", "_", "*", "~", "["] where starts(mark) {
                if mark != "[", open.last == mark {
                    open.removeLast()
                } else {
                    guard !open.contains(mark) else { throw Failure(words: "\(mark) stands in itself") }
                    open.append(mark)
                }
                place += mark.utf8.count
                return
            }
            throw Failure(words: "\(Unicode.Scalar(byte)) is reserved")
        }

        private mutating func take(_ byte: UInt8) {
            plain.append(byte)
            place += 1
        }

        private mutating func code(_ fence: String) throws(Failure) {
            place += fence.utf8.count
            var isFirstLine = fence == "```"
            var inside: [UInt8] = []
            while place < bytes.count {
                if bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count {
                    inside.append(bytes[place + 1])
                    place += 2
                } else if starts(fence) {
                    place += fence.utf8.count
                    plain += inside
                    return
                } else if bytes[place] == UInt8(ascii: "`") {
                    throw Failure(words: "a backtick in code is not escaped")
                } else {
                    // The rest of the fence's line is the language.
                    if isFirstLine, bytes[place] == UInt8(ascii: "\n") {
                        isFirstLine = false
                        inside = []
                    }
                    inside.append(bytes[place])
                    place += 1
                }
            }
            throw Failure(words: "code does not end")
        }

        private mutating func target() throws(Failure) {
            while place < bytes.count, bytes[place] != UInt8(ascii: ")") {
                place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard place < bytes.count else { throw Failure(words: "a target does not end") }
            place += 1
        }
    }
}
