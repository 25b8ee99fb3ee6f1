import ControlProtocol
import Core

/// Rows for people: columns padded to their widest value, two spaces between, a rule below the headings.
///
/// A long value is cut, so that one does not make all rows as wide; `--json` has it whole.
struct Table {
    /// One column: the field of each row and its heading.
    struct Column {
        let key: String
        let title: String
    }

    /// Columns of a terminal that one value takes at most.
    private static let widest = 100

    private let columns: [Column]

    /// Columns as `field` or `field:Title`; a title is the field's name in capitals by itself.
    init(_ columns: String...) {
        self.columns = columns.map { text in
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            return Column(key: parts[0], title: parts.count > 1 ? parts[1] : parts[0].uppercased())
        }
    }

    /// The table's text without a line end; `(no rows)` when there are none.
    func text(_ rows: [JSONValue]) -> String {
        guard !rows.isEmpty else { return "(no rows)" }
        let cells = rows.map { row in columns.map { Self.shortCell($0.key, row[key: $0.key]) } }
        let widths = columns.indices.map { index in
            max(DisplayWidth.of(columns[index].title), cells.map { DisplayWidth.of($0[index]) }.max() ?? 0)
        }
        var lines = [Self.line(columns.map(\.title), widths)]
        lines.append(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "))
        lines += cells.map { Self.line($0, widths) }
        return lines.joined(separator: "\n")
    }

    /// One record, a field a line: its columns first, then the rest by name.
    static func record(_ value: JSONValue, first: [String] = []) -> String {
        guard let fields = value.object, !fields.isEmpty else { return cell("", value) }
        let names = first.filter { fields[$0] != nil } + fields.keys.filter { !first.contains($0) }.sorted()
        let width = names.map { DisplayWidth.of($0) }.max() ?? 0
        return names.map { name in
            line([name, cell(name, fields[name])], [width, 0])
        }.joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            line += cell
            if index < cells.count - 1 {
                line += String(repeating: " ", count: max(widths[index] - DisplayWidth.of(cell), 0) + 2)
            }
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }

    private static func shortCell(_ key: String, _ value: JSONValue?) -> String {
        DisplayWidth.cut(cell(key, value), to: widest)
    }

    /// A value as one line: times by their field's name, lists with commas, everything else as JSON.
    static func cell(_ key: String, _ value: JSONValue?) -> String {
        switch value {
        case nil, .null: return "-"
        case .string(let text): return text.isEmpty ? "-" : SafeText.oneLine(text)
        case .bool(let value): return value ? "yes" : "no"
        case .integer(let number): return isTime(key) ? TimeText.short(number) : String(number)
        case .number(let number): return String(number)
        case .array(let elements): return elements.isEmpty ? "-" : elements.map { cell("", $0) }.joined(separator: ", ")
        case .object(let fields):
            if fields.isEmpty { return "-" }
            return fields.keys.sorted().map { "\($0)=\(cell($0, fields[$0]))" }.joined(separator: " ")
        }
    }

    private static func isTime(_ key: String) -> Bool {
        key.hasSuffix("_at") || key.hasSuffix("At")
            || ["at", "first_seen", "last_seen", "last_active", "next_due"].contains(key)
    }
}
