import Core

/// The words of a mail that is HTML only.
///
/// No more than reading: tags become line ends, links show where they lead, what is not shown is dropped.
struct HTMLText {
    private static let hidden: Set<String> = [
        "script", "style", "head", "title", "template", "noscript", "svg", "object",
    ]
    private static let blocks: Set<String> = [
        "p", "div", "table", "tr", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "article",
        "header", "footer", "hr", "form", "address", "blockquote", "dt", "dd", "center",
    ]
    private static let deepestQuote = 10

    private var text = ""
    /// Tags that hide what they hold and are not closed behind here.
    private var unclosed: Set<String> = []
    private var quotes = 0
    private var isAtLineStart = true
    private var needsSpace = false
    private var blankLines = 1
    private var link: String?
    private var linkText = ""
    private var isQuoting = true

    /// The text of HTML.
    static func text(_ html: String) -> String {
        var reader = HTMLText()
        reader.read(html)
        return reader.text.trimmingWhiteSpaceLines
    }

    private mutating func read(_ html: String) {
        var rest = Array(html.unicodeScalars)[...]
        while let open = rest.firstIndex(of: "<") {
            words(rest[..<open])
            rest = rest[open...]
            if rest.starts(with: "<!--".unicodeScalars) {
                rest = Self.after("-->", in: rest)
                continue
            }
            // A quoted attribute may hold the bracket that ends a tag.
            guard let close = tagEnd(rest) else {
                words(rest)
                return
            }
            let content = rest[(open + 1)..<close]
            rest = rest[(close + 1)...]
            if let name = Self.hiding(content) {
                rest = behind(name, rest)
            } else {
                tag(content)
            }
        }
        words(rest)
    }

    private static func after(_ mark: String, in text: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        let scalars = Array(mark.unicodeScalars)
        guard let last = scalars.last else { return text }
        var index = text.startIndex
        while let end = text[index...].firstIndex(of: last) {
            if end - text.startIndex >= scalars.count - 1, text[(end - scalars.count + 1)...end].elementsEqual(scalars)
            {
                return text[(end + 1)...]
            }
            index = end + 1
        }
        return []
    }

    private mutating func tagEnd(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
        var quote: Unicode.Scalar?
        for index in text.indices where isQuoting {
            let scalar = text[index]
            if let open = quote {
                if scalar == open { quote = nil }
            } else if scalar == ">" {
                return index
            } else if (scalar == "\"" || scalar == "'") && index > text.startIndex && text[index - 1] == "=" {
                quote = scalar
            }
        }
        // One search to the end is enough: from here on a bracket ends a tag wherever it stands.
        isQuoting = false
        return text.firstIndex(of: ">")
    }

    /// The name of a tag whose contents are not shown; nil for all others.
    private static func hiding(_ content: ArraySlice<Unicode.Scalar>) -> String? {
        let name = String(String.UnicodeScalarView(content.prefix { $0.properties.isAlphabetic })).lowercased()
        return hidden.contains(name) && content.last != "/" ? name : nil
    }

    /// What follows the end of a hidden tag; without an end scripts and styles go on to the end of all.
    private mutating func behind(_ name: String, _ text: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        guard !unclosed.contains(name) else { return text }
        let letters = Array(name.unicodeScalars)
        var index = text.startIndex
        while let open = text[index...].firstIndex(of: "<") {
            index = open + 1
            let word = text[index...].prefix(letters.count + 1).map(\.properties.lowercaseMapping).joined()
            if word == "/" + name { return text[index...].drop { $0 != ">" }.dropFirst() }
        }
        unclosed.insert(name)
        return name == "script" || name == "style" ? [] : text
    }

    // MARK: - Tags

    private mutating func tag(_ content: ArraySlice<Unicode.Scalar>) {
        let isEnd = content.first == "/"
        let body = isEnd ? content.dropFirst() : content
        let nameEnd = body.firstIndex { !$0.properties.isAlphabetic && !("0"..."9").contains($0) } ?? body.endIndex
        let name = String(String.UnicodeScalarView(body[..<nameEnd])).lowercased()
        let attributes = body[nameEnd...]
        switch name {
        case "br": newLine()
        case "li":
            paragraph(blank: false)
            if !isEnd { append("- ") }
        case "td", "th": needsSpace = true
        case "a": anchor(isEnd ? nil : Self.attribute("href", attributes))
        case "img": if let alt = Self.attribute("alt", attributes), !alt.isEmpty { append("[\(alt.onOneLine)]") }
        case "blockquote":
            paragraph(blank: true)
            quotes = isEnd ? max(0, quotes - 1) : min(Self.deepestQuote, quotes + 1)
        case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre": paragraph(blank: true)
        case _ where Self.blocks.contains(name): paragraph(blank: false)
        default: break
        }
    }

    private mutating func anchor(_ target: String?) {
        if let link, !linkText.isEmpty {
            let shown = linkText.onOneLine
            let bare = link.hasPrefix("mailto:") ? String(link.dropFirst(7)) : link
            if shown != bare, shown != link { append(" <\(bare)>") }
        }
        linkText = ""
        link = target.flatMap { target in
            ["http://", "https://", "mailto:"].contains { target.lowercased().hasPrefix($0) }
                && target.utf8.count <= 2000
                ? target.onOneLine : nil
        }
    }

    private static func attribute(_ name: String, _ text: ArraySlice<Unicode.Scalar>) -> String? {
        let attributes = String(String.UnicodeScalarView(text))
        var rest = attributes[...]
        while let equals = rest.firstIndex(of: "=") {
            let found = rest[..<equals].split(whereSeparator: \.isWhitespace).last.map { $0.lowercased() }
            rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
            let value: Substring
            if let quote = rest.first, quote == "\"" || quote == "'" {
                let inside = rest.dropFirst()
                let end = inside.firstIndex(of: quote) ?? inside.endIndex
                value = inside[..<end]
                rest = inside[end...].dropFirst()
            } else {
                value = rest.prefix { !$0.isWhitespace }
                rest = rest[value.endIndex...]
            }
            if found == name { return HTMLEntities.decode(String(value)) }
        }
        return nil
    }

    // MARK: - Text

    private mutating func words(_ scalars: ArraySlice<Unicode.Scalar>) {
        guard !scalars.isEmpty else { return }
        let plain = HTMLEntities.decode(String(String.UnicodeScalarView(scalars)))
        var word = String.UnicodeScalarView()
        for scalar in plain.unicodeScalars {
            if scalar.properties.isWhitespace, scalar != "\u{A0}" {
                if !word.isEmpty { append(String(word)) }
                word = String.UnicodeScalarView()
                needsSpace = true
            } else if scalar != "\u{200B}", scalar != "\u{FEFF}", scalar != "\0" {
                word.append(scalar == "\u{A0}" ? " " : scalar)
            }
        }
        if !word.isEmpty { append(String(word)) }
    }

    private mutating func append(_ word: String) {
        if isAtLineStart {
            if quotes > 0 { text += String(repeating: "> ", count: quotes) }
        } else if needsSpace {
            text += " "
            if link != nil { linkText += " " }
        }
        text += word
        if link != nil { linkText += word }
        isAtLineStart = false
        needsSpace = false
        blankLines = 0
    }

    private mutating func newLine() {
        if isAtLineStart {
            guard blankLines < 2 else { return }
            blankLines += 1
        }
        text += "\n"
        isAtLineStart = true
        needsSpace = false
    }

    private mutating func paragraph(blank: Bool) {
        if !isAtLineStart { newLine() }
        if blank, blankLines < 1 {
            text += "\n"
            blankLines += 1
        }
        needsSpace = false
    }
}

extension String {
    /// Without empty lines at its ends and white space at its lines' ends.
    var trimmingWhiteSpaceLines: String {
        let lines = split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while let last = line.last, last == " " || last == "\t" || last == "\r" { line.removeLast() }
            return line
        }
        guard let first = lines.firstIndex(where: { !$0.isEmpty }), let last = lines.lastIndex(where: { !$0.isEmpty })
        else { return "" }
        return lines[first...last].joined(separator: "\n")
    }
}
