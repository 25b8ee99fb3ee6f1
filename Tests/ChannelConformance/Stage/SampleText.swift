import ChatMarkdown

/// Texts that the checks send, and what of them people must see whatever the platform's markup is.
enum SampleText {
    /// Formatting of every kind whose visible text has no marks of its own.
    static let markdown = """
        # The heading

        Some **bold** and *italic* words, ~~struck~~ ones, `a_b*c` and 1 < 2 & "3".

        - first point
        - second point

        1. one
        2. two

        > said before

        ```swift
        let a_b = x * y
        ```

        | name | size |
        | --- | --- |
        | alpha | 12 |

        https://example.org/a_b_c
        """

    /// What tells formatting that was not understood: none of it is in what people see of ``markdown``.
    static let marks = ["**", "~~", "```", "# The", "\\", "<b>", "</"]

    /// A text without white space and without what platforms put before items, quotes and cells.
    static func bare(_ text: String) -> String {
        text.filter { !$0.isWhitespace && !"•-|>".contains($0) }
    }

    /// What people see of Markdown, bare.
    static func barePlain(_ markdown: String) -> String {
        bare(MarkdownDocument(parsing: markdown).rendered(.plain))
    }

    /// Characters of several scalars: a family, a flag, a colour of skin, a flag with a joiner, a letter with an accent.
    static let clusters = ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "🏳️‍🌈", "e\u{301}"]

    /// One word of so many characters of several scalars.
    static func clusterWord(_ count: Int) -> String {
        (0..<count).map { clusters[$0 % clusters.count] }.joined()
    }

    /// Numbered lines of code with characters that are markup elsewhere.
    static func codeLines(_ count: Int) -> [String] {
        (0..<count).map { "let line_\(padded($0)) = \"*\($0)*\" // a_b <c> & `d`" }
    }

    static func padded(_ number: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
