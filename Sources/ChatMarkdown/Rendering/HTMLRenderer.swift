/// HTML of few tags, well-formed, with nothing of the source in it but text, links and a language.
struct HTMLRenderer {
    /// Mail programs have no style of their own for tables.
    var isMail: Bool

    func render(_ blocks: ArraySlice<Block>) -> String {
        var out = Output()
        var previous: Block?
        for block in blocks {
            let common = Succession(previous, block).common
            let opened = previous?.containers ?? []
            let staysInList =
                common < opened.count && common < block.containers.count && opened[common].isItem
                && block.containers[common].isItem && opened[common].list == block.containers[common].list
            close(opened[common...], keepingList: staysInList, &out)
            open(block.containers[common...], inList: staysInList, &out)
            write(block, &out)
            previous = block
        }
        close((previous?.containers ?? [])[...], keepingList: false, &out)
        return out.text
    }

    private func close(_ containers: ArraySlice<Container>, keepingList: Bool, _ out: inout Output) {
        for (index, container) in zip(containers.indices, containers).reversed() {
            guard container.isItem else {
                out.append("</blockquote>")
                continue
            }
            out.append("</li>")
            if keepingList, index == containers.startIndex { continue }
            out.append(container.kind == .bullet ? "</ul>" : "</ol>")
        }
    }

    private func open(_ containers: ArraySlice<Container>, inList: Bool, _ out: inout Output) {
        for (index, container) in zip(containers.indices, containers) {
            let isKnown = inList && index == containers.startIndex
            switch container.kind {
            case .quote: out.append("<blockquote>")
            case .bullet: out.append(isKnown ? "<li>" : "<ul><li>")
            case .ordered(let number):
                if !isKnown { out.append(number == 1 ? "<ol>" : "<ol start=\"\(number)\">") }
                out.append("<li>")
            }
            if let isChecked = container.isChecked { out.append(isChecked ? "☑ " : "☐ ") }
        }
    }

    private func write(_ block: Block, _ out: inout Output) {
        switch block.content {
        case .paragraph(let runs):
            let isBare = block.containers.last.map { $0.isItem && $0.isTight } ?? false
            if !isBare { out.append("<p>") }
            lines(runs, &out)
            if !isBare { out.append("</p>") }
        case .heading(let level, let runs):
            out.append("<h\(level)>")
            lines(runs, &out)
            out.append("</h\(level)>")
        case .code(let language, let text):
            out.append(language.isEmpty ? "<pre><code>" : "<pre><code class=\"language-\(language)\">")
            HTMLText.escape(text, &out)
            out.append("</code></pre>")
        case .table(let table): write(table, &out)
        case .rule: out.append("<hr/>")
        }
    }

    private func lines(_ runs: [InlineRun], _ out: inout Output) {
        var isFirst = true
        for line in runs.split(whereSeparator: \.isLineBreak) {
            if !isFirst { out.append("<br/>") }
            isFirst = false
            InlineWriter(rules: HTMLRules()).write(line, into: &out)
        }
    }

    private func write(_ table: Table, _ out: inout Output) {
        out.append(isMail ? "<table border=\"1\" cellpadding=\"4\" cellspacing=\"0\"><thead>" : "<table><thead>")
        write(table.header, "th", table.alignments, &out)
        out.append("</thead><tbody>")
        for row in table.rows { write(row, "td", table.alignments, &out) }
        out.append("</tbody></table>")
    }

    private func write(_ row: [Table.Cell], _ tag: String, _ alignments: [Table.Alignment], _ out: inout Output) {
        out.append("<tr>")
        for (cell, alignment) in zip(row, alignments) {
            // Matrix clients take no attributes on cells.
            let side: String? =
                switch alignment {
                case .natural: nil
                case .left: "left"
                case .center: "center"
                case .right: "right"
                }
            out.append("<\(tag)\(isMail ? side.map { " align=\"\($0)\"" } ?? "" : "")>")
            lines(cell, &out)
            out.append("</\(tag)>")
        }
        out.append("</tr>")
    }
}
