import Core

/// A file of systemd's.
struct UnitFile: Equatable, Sendable {
    let name: String
    let text: String

    /// `text` as one word of a setting: quoted, with systemd's own marks doubled.
    static func word(_ text: String) -> String {
        let marked = text.replacingExactly("%", with: "%%").replacingExactly("$", with: "$$")
        let isPlain = marked.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+=:@%$".contains($0)) }
        guard !isPlain else { return marked }
        return "\"" + marked.replacingExactly("\\", with: "\\\\").replacingExactly("\"", with: "\\\"") + "\""
    }

    /// A path as settings take it that know no `$`.
    static func path(_ text: String) -> String { word(text).replacingExactly("$$", with: "$") }
}
