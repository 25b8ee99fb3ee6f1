/// How a stretch of text is set.
package struct TextMarks: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let bold = TextMarks(rawValue: 1)
    package static let italic = TextMarks(rawValue: 2)
    package static let strike = TextMarks(rawValue: 4)
    /// Literal text of a fixed width; what else marks it still holds.
    package static let code = TextMarks(rawValue: 8)

    // The generic ones of `OptionSet` are most of the time of a rendering without optimisation.
    package var isEmpty: Bool { rawValue == 0 }

    package func contains(_ other: TextMarks) -> Bool { rawValue & other.rawValue == other.rawValue }
}

/// A stretch of text with one set of marks, in a block's flat list of such.
///
/// Marks nest in no order: each dialect opens and closes them as its rules want it.
package struct InlineRun: Equatable, Sendable {
    /// Never empty.
    ///
    /// A line break is a run of its own: `"\n"`, without marks and link; no other run has one.
    package var text: String
    package var marks: TextMarks
    /// Where the text leads: an `http`, `https` or `mailto` URL without white space.
    package var link: String?

    package init(_ text: String, _ marks: TextMarks = [], link: String? = nil) {
        self.text = text
        self.marks = marks
        self.link = link
    }

    /// The break between two lines of a block.
    package static let lineBreak = InlineRun("\n")

    /// True for a break between two lines.
    package var isLineBreak: Bool { text == "\n" }
}
