/// From source to blocks, with bounds on what the C parser is given.
enum SourceParser {
    /// Cells that a table may come to when each line has as many as the longest: the C parser fills short rows up, so
    /// that some kilobytes can ask for gigabytes.
    static let cellLimit = 200_000

    static func blocks(of source: String) -> [Block] {
        guard source.utf8.count <= MarkdownDocument.sourceLimit else { return literal(source) }
        let parsed = CMarkLibrary.withDocument(source, tables: mayHaveTables(source)) { root in
            var walk = TreeWalk()
            walk.run(root)
            return numbered(walk.blocks)
        }
        return parsed ?? literal(source)
    }

    /// False when the widest line and the number of lines would make too many cells.
    private static func mayHaveTables(_ source: String) -> Bool {
        var source = source
        return source.withUTF8 { bytes in
            var widest = 1
            var bars = 1
            var lines = 1
            for byte in bytes {
                if byte == UInt8(ascii: "|") {
                    bars += 1
                    if bars > widest { widest = bars }
                } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    lines += 1
                    bars = 1
                }
            }
            return widest > 1 && widest.multipliedReportingOverflow(by: lines).partialValue <= cellLimit
        }
    }

    /// The blocks with ids in the order in which they are met, so that documents that look alike are equal.
    private static func numbered(_ blocks: [Block]) -> [Block] {
        var ids: [Int: Int] = [:]
        func number(_ id: Int) -> Int {
            if id == 0 { return 0 }
            if let known = ids[id] { return known }
            ids[id] = ids.count + 1
            return ids.count
        }
        var blocks = blocks
        for index in blocks.indices {
            for depth in blocks[index].containers.indices {
                let container = blocks[index].containers[depth]
                blocks[index].containers[depth].list = number(container.list)
                blocks[index].containers[depth].id = number(container.id)
            }
        }
        return blocks
    }

    /// Paragraphs of plain text, parted at empty lines.
    private static func literal(_ source: String) -> [Block] {
        var blocks: [Block] = []
        var runs: [InlineRun] = []
        func close() {
            let tidy = InlineNormalizer.normalized(runs)
            if !tidy.isEmpty { blocks.append(Block(.paragraph(tidy))) }
            runs = []
        }
        for line in source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.allSatisfy(\.isWhitespace) {
                close()
            } else {
                runs += [InlineRun(VisibleText.cleaned(String(line), in: .line)), .lineBreak]
            }
        }
        close()
        return blocks
    }
}
