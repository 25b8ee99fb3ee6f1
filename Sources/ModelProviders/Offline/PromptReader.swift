/// Reads the elements of a prompt back: what stands in it was escaped, so a `<` is always structure.
struct PromptReader {
    /// One `<message>` or `<task>`, entities decoded, without the elements inside it.
    struct Item: Equatable {
        /// The destination that an answer goes to; nil where the prompt names none.
        var from: String?
        var text: String
    }

    private var rest: Substring

    /// The items in their order.
    ///
    /// Text without any element at all is one item; elements of other names (`<webhook>`, `<system_response>`) are
    /// news, which nobody waits for an answer to.
    static func items(of prompt: String) -> [Item] {
        var reader = PromptReader(rest: prompt[...])
        var items: [Item] = []
        var sawElement = false
        while let tag = reader.nextTag() {
            sawElement = true
            guard !tag.isClosed else { continue }
            switch tag.name {
            case "message":
                items.append(Item(from: tag.attributes["from"], text: reader.body(of: tag.name)))
            case "task":
                let body = reader.body(of: tag.name)
                let start = body.split(separator: "Instructions:\n", maxSplits: 1, omittingEmptySubsequences: false)
                items.append(Item(from: tag.attributes["from"], text: String(start.last ?? "")))
            case "webhook", "system_response":
                _ = reader.body(of: tag.name)
            default:
                continue
            }
        }
        if sawElement { return items }
        let text = unescaped(prompt[...])
        return text.allSatisfy(\.isWhitespace) ? [] : [Item(from: nil, text: text)]
    }

    private struct Tag {
        var name: String
        var attributes: [String: String]
        /// `<name/>` or `</name>`: nothing stands inside.
        var isClosed: Bool
        var isEnd: Bool
    }

    /// Steps behind the next tag.
    private mutating func nextTag() -> Tag? {
        guard let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") else {
            rest = ""
            return nil
        }
        var inner = rest[rest.index(after: open)..<close]
        rest = rest[rest.index(after: close)...]
        let isEnd = inner.first == "/"
        if isEnd { inner.removeFirst() }
        let isClosed = inner.last == "/"
        if isClosed { inner.removeLast() }
        let name = inner.prefix { !$0.isWhitespace }
        let attributes = isEnd ? [:] : Self.attributes(inner[name.endIndex...])
        return Tag(name: String(name), attributes: attributes, isClosed: isClosed || isEnd, isEnd: isEnd)
    }

    /// The text up to the end tag; elements inside are passed over with all they hold.
    private mutating func body(of name: String) -> String {
        var text = ""
        var depth = 0
        while true {
            let before = rest
            let piece = rest.prefix { $0 != "<" }
            guard let tag = nextTag() else {
                text += depth == 0 ? before : ""
                break
            }
            if depth == 0 { text += piece }
            if tag.isEnd {
                if depth == 0 { break }
                depth -= 1
            } else if !tag.isClosed {
                depth += 1
            }
        }
        let decoded = Self.unescaped(text[...])
        let end = decoded.lastIndex { !$0.isWhitespace }.map { decoded.index(after: $0) } ?? decoded.startIndex
        return String(decoded[..<end].drop { $0.isWhitespace })
    }

    private static func attributes(_ text: Substring) -> [String: String] {
        var values: [String: String] = [:]
        var rest = text
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].drop { $0.isWhitespace }
            rest = rest[rest.index(after: equals)...]
            guard rest.first == "\"" else { break }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\"") else { break }
            values[String(name)] = unescaped(rest[..<end])
            rest = rest[rest.index(after: end)...]
        }
        return values
    }

    private static let entities: [Substring: Character] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]

    static func unescaped(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[rest.index(after: start)...]
            if let end = rest.prefix(12).firstIndex(of: ";"), let character = character(rest[..<end]) {
                result.append(character)
                rest = rest[rest.index(after: end)...]
            } else {
                result.append("&")
            }
        }
        return result + rest
    }

    private static func character(_ entity: Substring) -> Character? {
        if let known = entities[entity] { return known }
        guard entity.first == "#" else { return nil }
        let digits = entity.dropFirst()
        let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map(Character.init)
    }
}
