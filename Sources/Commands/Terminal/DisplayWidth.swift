import CLinux
import Glibc

/// How wide text stands on a terminal, and what of it may be shown there.
enum DisplayWidth {
    /// Columns of one character: 0, 1 or 2.
    static func of(_ character: Character) -> Int {
        _ = unicode
        var width = 0
        for scalar in character.unicodeScalars {
            // A sign that asks for the picture form of what stands before it.
            if scalar == "\u{FE0F}" { return 2 }
            width = max(width, Int(clinux_width(scalar.value)))
        }
        return width
    }

    /// Columns of a text in one line.
    static func of(_ text: String) -> Int { text.reduce(0) { $0 + of($1) } }

    /// The beginning of a text in that many columns, with `…` at its end when something is left out.
    static func cut(_ text: String, to limit: Int) -> String {
        guard of(text) > limit else { return text }
        var kept = ""
        var width = 1
        for character in text {
            width += of(character)
            if width > limit { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// Makes `wcwidth` know more than ASCII, once.
    private static let unicode: Void = {
        if setlocale(LC_CTYPE, "C.UTF-8") == nil { setlocale(LC_CTYPE, "") }
    }()

    /// Makes `wcwidth` know more than ASCII; what asks for a width does so by itself.
    static func useUnicode() { _ = unicode }
}

/// Text from outside, made harmless for a terminal.
enum SafeText {
    /// The text without control characters other than line feed and tab, and without signs that turn its direction:
    /// what an agent or a platform wrote moves no cursor and fakes no prompt.
    static func lines(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where isHarmless(scalar) { clean.append(scalar) }
        return String(clean)
    }

    /// The same in one line: line feeds and tabs become spaces.
    static func oneLine(_ text: String) -> String {
        String(lines(text).map { $0 == "\n" || $0 == "\t" || $0 == "\r\n" ? " " : $0 })
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x09: true
        case 0..<0x20, 0x7F..<0xA0: false
        case 0x202A...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
