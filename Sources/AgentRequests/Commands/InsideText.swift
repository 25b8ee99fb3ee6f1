package import Core

/// What `nanoclaw` inside a sandbox prints.
package enum InsideText {
    /// The help of a caller with this scope.
    package static func help(isGlobal: Bool) -> String {
        let verbs = InsideVerb.all.filter { isGlobal || $0.reach != .global }
        let lines = verbs.map { verb -> String in
            let places = verb.positionals.map { " [\($0.uppercased())]" }.joined()
            let options = verb.options.map { " [--\($0.name)\($0.kind == .flag ? "" : " …")]" }.joined()
            let asks = verb.effect == .write ? " (asks an admin)" : ""
            return "  nanoclaw \(verb.command)\(places)\(options)\n      \(verb.summary)\(asks)"
        }
        return
            (["nanoclaw inside a sandbox: your agent group is meant unless you name one. --json prints JSON.", ""]
            + lines).joined(separator: "\n")
    }

    /// An answer for people: a table of rows, `key: value` lines of one record, a text as it is.
    package static func human(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): return text
        case .array(let rows):
            guard !rows.isEmpty else { return "(no rows)" }
            let records = rows.map { $0.object ?? ["value": $0] }
            let columns = Set(records.flatMap(\.keys)).sorted()
            let cells = records.map { record in columns.map { cell(record[$0] ?? .null) } }
            let widths = columns.indices.map { index in
                ([columns[index]] + cells.map { $0[index] }).map(\.count).max() ?? 0
            }
            func line(_ cells: [String]) -> String {
                let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                return padded.joined(separator: "  ").trimmingWhiteSpace
            }
            return ([line(columns)] + cells.map(line)).joined(separator: "\n")
        case .object(let fields):
            return fields.sorted { $0.key < $1.key }.map { "\($0.key): \(cell($0.value))" }.joined(separator: "\n")
        default: return cell(value)
        }
    }

    private static func cell(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.split(whereSeparator: \.isNewline).joined(separator: " ")
        case .null: "-"
        default: (try? value.text()) ?? "?"
        }
    }
}
