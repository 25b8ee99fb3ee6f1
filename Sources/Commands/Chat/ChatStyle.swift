import ControlProtocol
import Core

/// How a chat looks on a terminal.
enum Style {
    static let prompt = "> "

    /// Who speaks.
    static func name(_ name: String?) -> String {
        "\u{1B}[36m●\u{1B}[0m" + (name.map { " \u{1B}[1m\(SafeText.oneLine($0)):\u{1B}[0m" } ?? "")
    }

    /// Something about the conversation.
    static func note(_ text: String) -> String { "\u{1B}[2m  \(SafeText.oneLine(text))\u{1B}[0m" }

    /// Something that went wrong.
    static func problem(_ text: String) -> String { "\u{1B}[31m  \(SafeText.oneLine(text))\u{1B}[0m" }
}

/// Tools as one line each.
enum ToolText {
    private static let width = 160

    /// `→ shell ls -la`: the one argument, or all by name.
    static func call(_ name: String, _ arguments: String) -> String {
        let fields = (try? JSONText.decode(JSONValue.self, arguments))?.object ?? [:]
        let shown: String
        if fields.count == 1, let only = fields.values.first {
            shown = Table.cell("", only)
        } else if fields.isEmpty {
            shown = arguments == "{}" ? "" : arguments
        } else {
            shown = fields.keys.sorted().map { "\($0)=\(Table.cell("", fields[$0]))" }.joined(separator: " ")
        }
        return cut("→ \(name) \(shown)")
    }

    /// `← shell 12 ms: first line`.
    static func result(_ name: String, _ isError: Bool, _ summary: String, _ milliseconds: Int) -> String {
        let first = summary.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let words = "\(isError ? "✗" : "←") \(name) \(milliseconds) ms"
        return cut(first.isEmpty ? words : "\(words): \(first)")
    }

    private static func cut(_ text: String) -> String {
        let line = SafeText.oneLine(text)
        return line.count > width ? line.prefix(width - 1) + "…" : line
    }
}
