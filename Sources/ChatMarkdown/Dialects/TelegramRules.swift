/// MarkdownV2, in which each of eighteen characters must be escaped wherever it is meant as itself.
struct TelegramRules: InlineRules {
    private static let special = ByteSet("\\_*[]()~`>#+-=|{}.!")
    static let inCode = ByteSet("\\`")
    private static let inTarget = ByteSet("\\)")

    var styles: StyleKinds { .all }
    /// Telegram allows nothing in or around code.
    var stylesAroundCode: StyleKinds { [] }

    func open(
        _ style: InlineStyle,
        between left: Unicode.Scalar?,
        and right: Unicode.Scalar?,
        _ out: inout Output
    ) -> String {
        switch style {
        case .bold: out.append("*")
        case .italic: out.append("_")
        case .strike: out.append("~")
        case .link(let url):
            out.append("[")
            var target = Output()
            target.append(url, escaping: Self.inTarget)
            return "](\(target.text))"
        }
        return style == .bold ? "*" : style == .italic ? "_" : "~"
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) { out.append(text, escaping: Self.special) }

    func code(_ text: String, _ out: inout Output) {
        out.append("`")
        out.append(text, escaping: Self.inCode)
        out.append("`")
    }

    func bareLink(_ text: String, _ url: String, _ out: inout Output) { self.text(text, [], &out) }
}
