import Testing

@testable import ChatMarkdown

/// Where a text is cut and how it goes on.
@Suite struct MarkdownSplitterTests {
    private func split(
        _ source: String,
        _ limit: Int,
        _ dialect: ChatDialect = .plain,
        _ unit: TextUnit = .utf16
    ) -> [String] {
        MarkdownSplitter.split(source, limit: limit, unit: unit, dialect: dialect)
    }

    private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test func `A text that fits is left as it is`() {
        #expect(split("*as*  __is__", 64) == ["*as*  __is__"])
        #expect(split(" \n\n ", 64).isEmpty)
    }

    @Test func `Paragraphs come before lines, lines before sentences, sentences before words`() {
        let first = repeated("a", 40)
        #expect(split("\(first)\n\n\(repeated("b", 60))", 64) == [first, repeated("b", 60)])
        #expect(split("\(first)\n\(repeated("b c ", 14))d", 64) == [first, repeated("b c ", 14) + "d"])
        #expect(split("\(repeated("a ", 20))end. \(repeated("b ", 29))c", 64).first == repeated("a ", 20) + "end.")
        #expect(split(repeated("word ", 20) + "end", 64).first == repeated("word ", 12) + "word")
    }

    @Test func `A long word is cut between characters, and a long character between scalars`() {
        let family = "👩‍👩‍👧‍👦"
        let parts = split(repeated(family, 20), 64)
        #expect(parts.joined() == repeated(family, 20))
        #expect(parts.allSatisfy { $0.allSatisfy { String($0) == family } && $0.utf16.count <= 64 })
        let tower = "a" + repeated("\u{301}", 500)
        let pieces = split(tower, 64)
        #expect(Array(pieces.joined().utf8) == Array(tower.utf8))
        #expect(pieces.allSatisfy { $0.utf16.count <= 64 })
    }

    @Test func `Marks are closed and opened again`() {
        let parts = split("**\(repeated("bold ", 20))end**", 64, .telegramMarkdownV2)
        #expect(parts.count == 2)
        #expect(parts.allSatisfy { $0.hasPrefix("**") && $0.hasSuffix("**") })
    }

    @Test func `Fences are closed and opened again with their language`() {
        let parts = split("```swift\n\(repeated("let x = 1\n", 20))```", 80, .discord)
        #expect(parts.count == 4)
        #expect(parts.allSatisfy { $0.hasPrefix("```swift\nlet x = 1\n") && $0.hasSuffix("1\n```") })
    }

    @Test func `A quote goes on as a quote, an item without its marker, and numbers go on`() {
        let quote = split("> \(repeated("word ", 30))", 64)
        #expect(quote.count > 2 && quote.allSatisfy { $0.hasPrefix("> word") })
        let list = split("1. \(repeated("word ", 20))\n2. \(repeated("next ", 8))", 64)
        #expect(list.map { $0.prefix(7) } == ["1. word", "word wo", "2. next"])
    }

    @Test func `A table repeats its header and is cut between rows`() {
        let rows = (0..<12).map { "| row \($0) | value |\n" }.joined()
        let parts = split("| name | what |\n|---|---|\n\(rows)", 100)
        #expect(parts.count > 2)
        #expect(parts.allSatisfy { $0.hasPrefix("| name | what |\n| --- | --- |\n| row") })
        #expect(parts.joined().components(of: "value") == 12)
    }

    @Test func `A link is not cut`() {
        let link = "[some words of a link](https://example.org/path)"
        let parts = split("\(repeated("word ", 10))\(link) \(repeated("word ", 10))", 64)
        #expect(parts.filter { $0.contains("[some words of a link](<https://example.org/path>)") }.count == 1)
    }

    @Test func `A link that is longer than a message is text`() {
        let url = "https://example.org/" + repeated("x", 200)
        let parts = split("[name](\(url)) end", 64)
        #expect(parts.map { MarkdownDocument(parsing: $0).rendered(.plain) }.joined().contains("name(https://"))
        #expect(parts.allSatisfy { MarkdownDocument(parsing: $0).rendered(.plain).utf16.count <= 64 })
    }

    @Test func `A heading goes along with what follows it`() {
        #expect(
            split("\(repeated("a", 40))\n\n# Title\n\n\(repeated("b", 50))", 64) == [
                repeated("a", 40), "# Title\n\n" + repeated("b", 50),
            ]
        )
    }

    @Test func `Limits are counted in the unit of the platform`() {
        let text = repeated("👍 ", 60)
        #expect(split(text, 100, .plain, .scalars).count == 2)
        #expect(split(text, 100, .plain, .utf16).count == 2)
        #expect(split(text, 100, .plain, .bytes).count == 3)
    }
}

extension String {
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
