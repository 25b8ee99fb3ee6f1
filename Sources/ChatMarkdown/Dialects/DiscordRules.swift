/// Discord's Markdown: a backslash escapes any punctuation, code knows no escape.
struct DiscordRules: InlineRules {
    private static let special = ByteSet("\\*_~|`[]<>#")
    private static let atLineStart = ByteSet("-+")

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
        case .italic:
            // An underscore inside a word is one; an asterisk beside those of bold is ambiguous.
            delimiter = left?.isWordLike == true || right?.isWordLike == true ? "*" : "_"
        case .strike: delimiter = "~~"
        case .link(let url):
            out.append("[")
            // The angle brackets keep Discord from loading the page for a preview.
            return "](<\(LinkTarget.escaping("<> ", in: url))>)"
        }
        out.append(delimiter)
        return delimiter
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) {
        if edges.contains(.lineStart) {
            out.append(LineStart.escaped(text, Self.special, Self.atLineStart))
        } else {
            out.append(text, escaping: Self.special)
        }
    }

    func code(_ text: String, _ out: inout Output) {
        let fence = Fence.inline(for: text)
        guard fence.utf8.count <= 2 else { return self.text(text, [], &out) }
        out.append(fence + Fence.padded(text) + fence)
    }

    func bareLink(_ text: String, _ url: String, _ out: inout Output) {
        let shown = text == url ? url : "http://" + text == url ? url : text
        if shown.contains("@") && !shown.contains("/") { return self.text(text, [], &out) }
        out.append("<\(LinkTarget.escaping("<> ", in: shown))>")
    }
}
