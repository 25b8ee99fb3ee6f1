/// The tags that Matrix clients and mail programs show alike.
struct HTMLRules: InlineRules {
    var styles: StyleKinds { .all }
    var stylesAroundCode: StyleKinds { .all }

    func open(
        _ style: InlineStyle,
        between left: Unicode.Scalar?,
        and right: Unicode.Scalar?,
        _ out: inout Output
    ) -> String {
        switch style {
        case .bold: out.append("<strong>")
        case .italic: out.append("<em>")
        case .strike: out.append("<del>")
        case .link(let url):
            out.append("<a href=\"")
            HTMLText.escape(url, &out)
            out.append("\">")
            return "</a>"
        }
        return style == .bold ? "</strong>" : style == .italic ? "</em>" : "</del>"
    }

    func text(_ text: String, _ edges: TextEdges, _ out: inout Output) { HTMLText.escape(text, &out) }

    func code(_ text: String, _ out: inout Output) {
        out.append("<code>")
        HTMLText.escape(text, &out)
        out.append("</code>")
    }

    func bareLink(_ text: String, _ url: String, _ out: inout Output) {
        let closer = open(.link(url), between: nil, and: nil, &out)
        self.text(text, [], &out)
        out.append(closer)
    }
}

/// Text in HTML and in what borrows its escapes.
enum HTMLText {
    private static let special = ByteSet("&<>\"")

    static func escape(_ text: String, _ out: inout Output) { escape(text, special, &out) }

    static func escape(_ text: String, _ set: ByteSet, _ out: inout Output) {
        out.append(text, replacing: set) { byte, out in
            switch byte {
            case UInt8(ascii: "&"): out.append("&amp;")
            case UInt8(ascii: "<"): out.append("&lt;")
            case UInt8(ascii: ">"): out.append("&gt;")
            default: out.append("&quot;")
            }
        }
    }
}
