/// Markdown that cmark-gfm reads back as the same runs.
struct SourceRules: InlineRules {
    private static let special = ByteSet("\\`*_[]<>&~|#")
    private static let atLineStart = ByteSet("-+=:")
    private static let inTarget = ByteSet("\\<>|")
    private static let notInBrackets = ByteSet("<>\\;|")
    /// What may be in an address between angle brackets, for certain.
    private static let inAddress = ByteSet("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.@")
    /// In a cell a bar is escaped even in code.
    var isInTable = false

    var styles: StyleKinds { .all }
    var stylesAroundCode: StyleKinds { .all }

    func open(
        _ style: InlineStyle,
        between left: Unicode.Scalar?,
        and right: Unicode.Scalar?,
        _ out: inout Output
    ) -> String {
        let delimiter: String
        switch style {
        case .bold: delimiter = "**"
        case .italic: delimiter = "_"
        case .strike: delimiter = "~~"
        case .link(let url):
            out.append("[")
            var target = Output()
            // In a target entities are read before escapes.
            let mayHaveEntity = url.utf8.contains(UInt8(ascii: "&")) && url.utf8.contains(UInt8(ascii: ";"))
            target.append(mayHaveEntity ? url.replacing("&", with: "&amp;") : url, escaping: Self.inTarget)
            return "](<\(target.text)>)"
        }
        out.append(delimiter)
        return delimiter
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) {
        var middle = Substring(text)
        var tail = ""
        if edges.contains(.afterCloser), let first = middle.unicodeScalars.first, first.isWordLike {
            out.append("&#\(first.value);")
            middle.unicodeScalars.removeFirst()
        }
        // Before a link an exclamation mark would make a picture of it.
        if edges.contains(.end), middle.unicodeScalars.last == "!" {
            tail = "\\!"
            middle.unicodeScalars.removeLast()
        } else if edges.contains(.beforeOpener), let last = middle.unicodeScalars.last, last.isWordLike {
            tail = "&#\(last.value);"
            middle.unicodeScalars.removeLast()
        }
        var escaped: String
        if edges.contains(.lineStart) {
            escaped = LineStart.escaped(String(middle), Self.special, Self.atLineStart)
        } else {
            var output = Output()
            output.append(String(middle), escaping: Self.special)
            escaped = output.text
        }
        if text.utf8.contains(UInt8(ascii: ":")) || escaped.contains("ww.") { escaped = Self.unlinked(escaped) }
        out.append(escaped + tail)
    }

    func code(_ text: String, _ out: inout Output) {
        let fence = Fence.inline(for: text)
        guard isInTable, text.utf8.contains(UInt8(ascii: "|")) else {
            return out.append(fence + Fence.padded(text) + fence)
        }
        // A backslash before a bar cannot be said in the code of a cell.
        guard !text.contains("\\|") else { return self.text(text, .end, &out) }
        out.append(fence)
        out.append(Fence.padded(text), escaping: ByteSet("|"))
        out.append(fence)
    }

    func bareLink(_ text: String, _ url: String, _ out: inout Output) {
        let isAddress = url == "mailto:" + text
        let isPlain = text.utf8.allSatisfy { byte in
            byte > 0x20 && !Self.notInBrackets.contains(byte) && (!isAddress || Self.inAddress.contains(byte))
        }
        let isAddressPlain = !isAddress || !(".\(text).".contains("..") || text.contains(".@") || text.contains("@."))
        if isPlain, text == url || isAddress, isAddressPlain,
            text.unicodeScalars.allSatisfy({ !VisibleText.isSpace($0) })
        {
            return out.append("<\(text)>")
        }
        let closer = open(.link(url), between: nil, and: nil, &out)
        self.text(text, .end, &out)
        out.append(closer)
    }

    /// The escaped text with what would become a link by itself broken up.
    private static func unlinked(_ escaped: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(escaped.utf8)
        for index in bytes.indices {
            let byte = bytes[index]
            let isScheme = byte == UInt8(ascii: ":") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "/")
            let isHost = byte == UInt8(ascii: ".") && index > 1 && bytes[index - 1] | 0x20 == UInt8(ascii: "w")
            let isEscaped = index > 0 && bytes[index - 1] == UInt8(ascii: "\\")
            if isScheme || isHost, !isEscaped { result.append(UInt8(ascii: "\\")) }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
