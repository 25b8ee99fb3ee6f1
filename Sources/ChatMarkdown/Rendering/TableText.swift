/// A table as lines of Markdown.
enum SourceTable {
    static func lines(_ table: Table) -> [String] {
        let rules = table.alignments.map { alignment in
            switch alignment {
            case .natural: "---"
            case .left: ":--"
            case .center: ":-:"
            case .right: "--:"
            }
        }
        return [line(table.header), "| \(rules.joined(separator: " | ")) |"] + table.rows.map(line)
    }

    private static func line(_ cells: [Table.Cell]) -> String {
        var out = Output()
        out.append("|")
        for cell in cells {
            out.append(" ")
            InlineWriter(rules: SourceRules(isInTable: true)).write(cell[...], into: &out)
            out.append(" |")
        }
        return out.text
    }
}

/// A table as text of a fixed width, each column as wide as its widest cell.
enum AlignedTable {
    /// A cell that is wider moves what is right of it, rather than pushing all other rows out of the window.
    static let widestColumn = 40

    static func text(_ table: Table) -> String {
        let rows = ([table.header] + table.rows).map { $0.map(plain) }
        let widths = table.alignments.indices.map { column in
            min(widestColumn, rows.map { DisplayWidth.of($0[column]) }.max() ?? 0)
        }
        var lines = rows.map { row in
            let cells = row.indices.map { padded(row[$0], widths[$0], table.alignments[$0]) }
            return InlineNormalizer.withoutTrailingSpace(cells.joined(separator: " | "))
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "-|-"), at: 1)
        return lines.joined(separator: "\n")
    }

    static func plain(_ cell: Table.Cell) -> String {
        var out = Output()
        InlineWriter(rules: PlainRules()).write(cell[...], into: &out)
        return out.text
    }

    private static func padded(_ text: String, _ width: Int, _ alignment: Table.Alignment) -> String {
        let missing = max(0, width - DisplayWidth.of(text))
        let left =
            switch alignment {
            case .natural, .left: 0
            case .center: missing / 2
            case .right: missing
            }
        return String(repeating: " ", count: left) + text + String(repeating: " ", count: missing - left)
    }
}

/// How many columns of a fixed-width font a text takes, near enough to align tables.
enum DisplayWidth {
    static func of(_ text: String) -> Int {
        if text.utf8.count == text.unicodeScalars.count { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    private static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.value {
        // East Asian wide and full-width blocks of Unicode's EastAsianWidth.txt.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
