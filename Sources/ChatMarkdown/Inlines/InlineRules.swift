/// Something that is opened and closed around text.
enum InlineStyle: Equatable {
    case bold, italic, strike
    case link(String)

    var isLink: Bool { if case .link = self { true } else { false } }

    var kind: StyleKinds {
        switch self {
        case .bold: .bold
        case .italic: .italic
        case .strike: .strike
        case .link: .link
        }
    }
}

/// Kinds of styles.
struct StyleKinds: OptionSet {
    let rawValue: UInt8

    static let bold = StyleKinds(rawValue: 1)
    static let italic = StyleKinds(rawValue: 2)
    static let strike = StyleKinds(rawValue: 4)
    static let link = StyleKinds(rawValue: 8)
    static let all = StyleKinds(rawValue: 15)

    var isEmpty: Bool { rawValue == 0 }

    func contains(_ other: StyleKinds) -> Bool { rawValue & other.rawValue == other.rawValue }

    func intersection(_ other: StyleKinds) -> StyleKinds { StyleKinds(rawValue: rawValue & other.rawValue) }
}

/// What stands beside a piece of text in its line, and how it has to be escaped for that.
struct TextEdges: OptionSet {
    let rawValue: UInt8

    /// Nothing stands before it in its line.
    static let lineStart = TextEdges(rawValue: 1)
    /// A style opens behind it, maybe after others have been closed there.
    ///
    /// cmark-gfm looks through the tildes of
    /// strikethrough to see whether another delimiter stands inside a word.
    static let beforeOpener = TextEdges(rawValue: 2)
    /// A style is closed before it, maybe with others opened behind that.
    static let afterCloser = TextEdges(rawValue: 4)
    /// Nothing stands behind it in its line, or something that is no text.
    static let end = TextEdges(rawValue: 8)

    func contains(_ other: TextEdges) -> Bool { rawValue & other.rawValue == other.rawValue }
}

/// How a dialect writes the runs of one line.
protocol InlineRules {
    /// The styles that the dialect knows.
    var styles: StyleKinds { get }
    /// Those of them that may stand around code.
    var stylesAroundCode: StyleKinds { get }
    /// Opens a style between these two characters of the line; returns what closes it.
    func open(
        _ style: InlineStyle,
        between left: Unicode.Scalar?,
        and right: Unicode.Scalar?,
        _ out: inout Output
    ) -> String
    func text(_ text: String, _ edges: TextEdges, _ out: inout Output)
    func code(_ text: String, _ out: inout Output)
    /// A link whose text is its target.
    func bareLink(_ text: String, _ url: String, _ out: inout Output)
}

extension Unicode.Scalar {
    /// True for what belongs to a word where delimiters are looked for: all but white space and ASCII punctuation.
    var isWordLike: Bool {
        value < 0x80 ? properties.isAlphabetic || properties.numericType != nil : !properties.isWhitespace
    }
}
