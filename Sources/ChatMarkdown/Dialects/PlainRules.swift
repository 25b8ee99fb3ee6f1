/// No markup at all; a link's target stands behind its text.
struct PlainRules: InlineRules {
    var styles: StyleKinds { .link }
    var stylesAroundCode: StyleKinds { .link }

    func open(
        _ style: InlineStyle,
        between left: Unicode.Scalar?,
        and right: Unicode.Scalar?,
        _ out: inout Output
    ) -> String {
        guard case .link(let url) = style else { return "" }
        return " (\(LinkTarget.shown(url)))"
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) { out.append(text) }
    func code(_ text: String, _ out: inout Output) { out.append(text) }
    func bareLink(_ text: String, _ url: String, _ out: inout Output) { out.append(text) }
}
