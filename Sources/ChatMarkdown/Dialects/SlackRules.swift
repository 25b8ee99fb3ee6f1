/// Slack's mrkdwn: only `&`, `<` and `>` can be escaped, and marks hold only at the edges of words.
struct SlackRules: InlineRules {
    private static let special = ByteSet("&<>")
    /// No width, but the end of a word to Slack.
    private static let edge = "\u{200B}"

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
        case .bold: delimiter = "*"
        case .italic: delimiter = "_"
        case .strike: delimiter = "~"
        case .link(let url):
            out.append("<\(target(url))|")
            return ">"
        }
        if left?.isWordLike == true { out.append(Self.edge) }
        out.append(delimiter)
        return delimiter + (right?.isWordLike == true ? Self.edge : "")
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) { HTMLText.escape(text, Self.special, &out) }

    func code(_ text: String, _ out: inout Output) {
        guard !text.utf8.contains(UInt8(ascii: "`")) else { return self.text(text, [], &out) }
        out.append("`")
        HTMLText.escape(text, Self.special, &out)
        out.append("`")
    }

    func bareLink(_ text: String, _ url: String, _ out: inout Output) {
        out.append("<\(target(url))")
        if text != url {
            out.append("|")
            self.text(text, [], &out)
        }
        out.append(">")
    }

    private func target(_ url: String) -> String {
        var out = Output()
        HTMLText.escape(LinkTarget.escaping("<>|", in: url), Self.special, &out)
        return out.text
    }
}
