/// A text in Markdown, parsed once and written in any dialect.
///
/// It never fails: what is no Markdown is text. For bytes of unknown origin:
/// `MarkdownDocument(parsing: String(decoding: bytes, as: UTF8.self))`.
package struct MarkdownDocument: Equatable, Sendable {
    /// How many quotes and list items may stand around a block; deeper ones are left away, their text stays.
    package static let depthLimit = 32
    /// Bytes of source beyond which nothing is parsed and all is text: some inputs cost the parser the square of their
    /// length.
    package static let sourceLimit = 512 * 1024

    package var blocks: [Block]

    package init(blocks: [Block]) { self.blocks = blocks }

    /// Reads GitHub's Markdown with tables, strikethrough, task lists and bare links.
    package init(parsing markdown: String) {
        blocks = SourceParser.blocks(of: markdown)
    }

    /// The document in a dialect; empty when there is nothing to be seen.
    package func rendered(_ dialect: ChatDialect) -> String {
        Renderer.render(blocks[...], dialect)
    }

    /// All its text in reading order without markup, markers of lists and targets of links: what no rendering may lose.
    ///
    /// Blocks, lines and cells are parted by a newline each.
    package var visibleText: String {
        var lines: [String] = []
        for block in blocks {
            switch block.content {
            case .paragraph(let runs), .heading(_, let runs): lines.append(runs.text)
            case .code(_, let text): lines.append(text)
            case .table(let table): lines += ([table.header] + table.rows).flatMap { $0.map(\.text) }
            case .rule: break
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension Array where Element == InlineRun {
    /// The runs' text without marks.
    package var text: String { count == 1 ? self[0].text : map(\.text).joined() }
}
