/// Cuts a text in Markdown into messages that a platform takes.
///
/// The source is cut, never a rendering of it, so that each part is a text of its own: formatting, fences and quotes that
/// the cut goes through are closed before it and opened again behind it.
package enum MarkdownSplitter {
    /// A smaller limit is taken as this: there would be no room for markup.
    package static let smallestLimit = 64

    /// Parts of `markdown` in Markdown, each of which is at most `limit` units long when it is rendered in `dialect`.
    ///
    /// An adapter renders each with `MarkdownDocument(parsing: part).rendered(dialect)`, or with `.plain` when its platform
    /// refuses the formatting. A text that fits whole comes back as it is; one with nothing to be seen gives no parts.
    ///
    /// - A cut is made between blocks, else at a line, a sentence, a word, and only in a word that is longer than a
    ///   message between two of its characters. A character longer than a message is cut between its scalars.
    /// - A link is never cut, unless it alone is too long: then it is shown as text and its target.
    /// - A table is cut between rows and repeats its header; a row that is too long, and those behind it, become
    ///   paragraphs with a line for each cell.
    /// - A heading goes along with what follows it.
    /// - An item that goes on in the next part does so without its marker; numbers go on.
    /// - The visible text of all parts is that of the whole, but for white space at cuts and repeated headers.
    ///
    /// The same arguments give the same parts in every process: a part that was sent before a crash is the same part when
    /// the text is split again.
    package static func split(_ markdown: String, limit: Int, unit: TextUnit, dialect: ChatDialect) -> [String] {
        let limit = max(limit, smallestLimit)
        let document = MarkdownDocument(parsing: markdown)
        let whole = document.rendered(dialect)
        if whole.isEmpty { return [] }
        if unit.count(whole) <= limit { return [markdown] }
        let check = PartCheck(limit: limit, unit: unit, dialect: dialect)
        return BlockPacker.parts(of: document.blocks, limit: limit, unit: unit, dialect: dialect)
            .flatMap { check.sources(of: $0) }
    }
}
