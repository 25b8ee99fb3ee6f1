/// A leaf of a document with all that it stands in: a document is a flat list of these, so that no depth of nesting can
/// exhaust the stack of whoever walks it.
package struct Block: Equatable, Sendable {
    /// The quotes and list items around it, the outermost first; at most `MarkdownDocument.depthLimit`.
    package var containers: [Container]
    package var content: Content

    package init(containers: [Container] = [], _ content: Content) {
        self.containers = containers
        self.content = content
    }

    package enum Content: Equatable, Sendable {
        /// Empty only in a list item that has nothing in it.
        case paragraph([InlineRun])
        /// The level is 1 to 6; the text is one line.
        case heading(level: Int, [InlineRun])
        /// The language is `""` or a word of letters, digits and `+#._-`; the text has no newline at its end.
        case code(language: String, text: String)
        case table(Table)
        case rule
    }
}

/// A quote or the item of a list, around one or more blocks that follow each other.
package struct Container: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case quote
        case bullet
        case ordered(number: Int)
    }

    /// Differs from the id of every other container and list of the document.
    package var id: Int
    package var kind: Kind
    /// Which list an item is of; items of one list have the same.
    package var list = 0
    /// Whether a list's blocks follow each other without empty lines.
    package var isTight = true
    /// Whether an item of a task list is done; nil for any other.
    package var isChecked: Bool?

    /// True for an item of a list.
    package var isItem: Bool { kind != .quote }
}

/// A table whose rows are all as wide as its header.
package struct Table: Equatable, Sendable {
    package enum Alignment: Equatable, Sendable { case natural, left, center, right }

    /// A cell is one line.
    package typealias Cell = [InlineRun]

    package var alignments: [Alignment]
    package var header: [Cell]
    package var rows: [[Cell]]
    /// True for the rest of a table that has been cut: its header has been shown before.
    package var isContinued = false
}
