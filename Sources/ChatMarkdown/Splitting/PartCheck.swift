/// Writes parts as Markdown and reads them back, since only what comes back is what a platform gets.
struct PartCheck {
    var limit: Int
    var unit: TextUnit
    var dialect: ChatDialect
    /// How often a part may be cut again for a smaller limit.
    private static let attempts = 4

    /// One source for the part, or several when what is read back is longer than it was; without formatting when that
    /// would change its text.
    func sources(of part: [Block]) -> [String] { sources(of: part, smaller: limit, attempt: 0) }

    private func sources(of part: [Block], smaller: Int, attempt: Int) -> [String] {
        let source = Renderer.render(part[...], .markdown)
        let reread = MarkdownDocument(parsing: source)
        let isSame = VisibleBytes.of(reread.blocks) == VisibleBytes.of(part)
        let fits = unit.count(reread.rendered(dialect)) <= limit
        if isSame && fits { return [source] }
        guard attempt < Self.attempts else { return [source] }
        let next = fits ? smaller : smaller * 2 / 3
        let blocks = isSame ? part : part.flatMap(Self.simplified)
        return BlockPacker.parts(of: blocks, limit: next, unit: unit, dialect: dialect)
            .flatMap { sources(of: $0, smaller: next, attempt: attempt + 1) }
    }

    /// The block's text as a plain paragraph.
    private static func simplified(_ block: Block) -> [Block] {
        let runs: [InlineRun]
        switch block.content {
        case .paragraph(let some), .heading(_, let some):
            runs = some.map { $0.isLineBreak ? $0 : InlineRun($0.text) }
        case .code(_, let text): runs = InlineNormalizer.lines(text)
        case .table(let table):
            let rows = (table.isContinued ? [] : [table.header]) + table.rows
            runs = rows.flatMap { InlineNormalizer.lines($0.map(\.text).joined(separator: " ")) + [.lineBreak] }
        case .rule: return [block]
        }
        let tidy = InlineNormalizer.normalized(runs)
        return tidy.isEmpty ? [] : [Block(.paragraph(tidy))]
    }
}

/// What is seen of blocks, without white space.
enum VisibleBytes {
    static func of(_ blocks: [Block]) -> [UInt8] {
        var text = MarkdownDocument(blocks: blocks).visibleText
        return text.withUTF8 { bytes in
            var kept: [UInt8] = []
            kept.reserveCapacity(bytes.count)
            for byte in bytes where byte > 0x20 { kept.append(byte) }
            return kept
        }
    }
}
