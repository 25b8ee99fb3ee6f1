import Testing

@testable import ChatMarkdown

/// What each dialect makes of the same source.
@Suite struct DialectTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var source: String
        var dialect: ChatDialect
        var rendered: String
        var testDescription: String { "\(dialect): \(source.debugDescription)" }

        init(_ source: String, _ dialect: ChatDialect, _ rendered: String) {
            self.source = source
            self.dialect = dialect
            self.rendered = rendered
        }
    }

    private static let marks = "**b** *i* ~~s~~ `c` [t](https://e.org/a)"
    private static let nested = "- one\n  1. two\n  2. three\n- [x] four"
    private static let table = "| a | bb |\n|---|---:|\n| x | y |"

    private static let cases: [Case] = [
        Case(marks, .plain, "b i s c t (https://e.org/a)"),
        Case(marks, .markdown, "**b** _i_ ~~s~~ `c` [t](<https://e.org/a>)"),
        Case(marks, .telegramMarkdownV2, "*b* _i_ ~s~ `c` [t](https://e.org/a)"),
        Case(marks, .discord, "**b** _i_ ~~s~~ `c` [t](<https://e.org/a>)"),
        Case(marks, .slackMrkdwn, "*b* _i_ ~s~ `c` <https://e.org/a|t>"),
        Case(
            marks,
            .matrixHTML,
            "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code> <a href=\"https://e.org/a\">t</a></p>"
        ),
        Case("1 < 2 & a.b!", .telegramMarkdownV2, "1 < 2 & a\\.b\\!"),
        Case("1 < 2 & a.b!", .slackMrkdwn, "1 &lt; 2 &amp; a.b!"),
        Case("1 < 2 & a.b!", .emailHTML, "<p>1 &lt; 2 &amp; a.b!</p>"),
        Case("hi <@123> @everyone", .discord, "hi \\<@123\\> @everyone"),
        Case("<script>alert(1)</script>", .matrixHTML, "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        Case("a <b>x</b>", .plain, "a <b>x</b>"),
        Case("# One\n\n#### Four", .plain, "One\n\nFour"),
        Case("# One\n\n#### Four", .telegramMarkdownV2, "*One*\n\n*Four*"),
        Case("# One\n\n#### Four", .discord, "# One\n\n**Four**"),
        Case("# One\n\n#### Four", .slackMrkdwn, "*One*\n\n*Four*"),
        Case("# One\n\n#### Four", .emailHTML, "<h1>One</h1><h4>Four</h4>"),
        Case(nested, .plain, "- one\n  1. two\n  2. three\n- [x] four"),
        Case(nested, .telegramMarkdownV2, "• one\n  1\\. two\n  2\\. three\n☑ four"),
        Case(nested, .discord, "- one\n  1. two\n  2. three\n- ☑ four"),
        Case(nested, .slackMrkdwn, "• one\n  1. two\n  2. three\n☑ four"),
        Case(nested, .matrixHTML, "<ul><li>one<ol><li>two</li><li>three</li></ol></li><li>☑ four</li></ul>"),
        Case("3. a\n4. b", .matrixHTML, "<ol start=\"3\"><li>a</li><li>b</li></ol>"),
        Case("> a\n> b\n\nc", .telegramMarkdownV2, ">a\n>b\n\nc"),
        Case("> a\n> b\n\nc", .slackMrkdwn, "> a\n> b\n\nc"),
        Case("> a\n>\n> > b", .discord, "> a\n>\n> b"),
        Case("> a\n>\n> > b", .plain, "> a\n>\n> > b"),
        Case("> a\n\nb", .matrixHTML, "<blockquote><p>a</p></blockquote><p>b</p>"),
        Case("```c++ x\na`b\\\n```", .telegramMarkdownV2, "```c++\na\\`b\\\\\n```"),
        Case("````\n```\n````", .discord, "```\n``\u{200B}`\n```"),
        Case("```swift\n<a>\n```", .slackMrkdwn, "```\n&lt;a&gt;\n```"),
        Case("```swift\n<a>\n```", .matrixHTML, "<pre><code class=\"language-swift\">&lt;a&gt;</code></pre>"),
        Case("```\"onload=\nx\n```", .matrixHTML, "<pre><code>x</code></pre>"),
        Case(table, .plain, "a | bb\n--|---\nx |  y"),
        Case(table, .telegramMarkdownV2, "```\na | bb\n--|---\nx |  y\n```"),
        Case(table, .slackMrkdwn, "```\na | bb\n--|---\nx |  y\n```"),
        Case(
            table,
            .matrixHTML,
            "<table><thead><tr><th>a</th><th>bb</th></tr></thead><tbody><tr><td>x</td><td>y</td></tr></tbody></table>"
        ),
        Case("| 👍🏽 | b |\n|---|---|\n| 漢字 | d |", .plain, "👍🏽   | b\n-----|--\n漢字 | d"),
        Case("[x](javascript:alert(1))", .matrixHTML, "<p>x (javascript:alert(1))</p>"),
        Case("[x](JaVaScRiPt:alert(1))", .slackMrkdwn, "x (JaVaScRiPt:alert(1))"),
        Case("[x](data:text/html;base64,AAAA)", .plain, "x"),
        Case("[x](https://e.org/a_(b)\\\\)", .telegramMarkdownV2, "[x](https://e.org/a_(b\\)\\\\)"),
        Case("[a](<https://e.org/?q=\"x\">)", .matrixHTML, "<p><a href=\"https://e.org/?q=&quot;x&quot;\">a</a></p>"),
        Case("[a|b](https://e.org/>|)", .slackMrkdwn, "<https://e.org/%3E%7C|a|b>"),
        Case("![pic](https://e.org/i.png)", .matrixHTML, "<p><a href=\"https://e.org/i.png\">pic</a></p>"),
        Case("https://e.org/x_y_z", .discord, "<https://e.org/x_y_z>"),
        Case("https://e.org/x_y_z", .telegramMarkdownV2, "https://e\\.org/x\\_y\\_z"),
        Case("see a@e.org", .slackMrkdwn, "see <mailto:a@e.org|a@e.org>"),
        Case("un**believ**able", .slackMrkdwn, "un\u{200B}*believ*\u{200B}able"),
        Case("un*believ*able", .discord, "un*believ*able"),
        Case("**a *b* c**", .telegramMarkdownV2, "*a _b_ c*"),
        Case("***a***", .discord, "**_a_**"),
        Case("**`c`**", .telegramMarkdownV2, "`c`"),
        Case("line\nnext  \nlast", .matrixHTML, "<p>line<br/>next<br/>last</p>"),
        Case("a\n\n---\n\nb", .telegramMarkdownV2, "a\n\n———\n\nb"),
        Case("a\u{0}b\u{1B}[31mc", .plain, "a\u{FFFD}b[31mc"),
        Case("1\\. no list\n\\- none", .discord, "1\\. no list\n\\- none"),
        Case("\\# no heading", .discord, "\\# no heading"),
        Case("", .matrixHTML, ""),
        Case("[only]: http://e.org", .plain, ""),
    ]

    @Test(arguments: cases) func `It is written as the platform reads it`(_ example: Case) {
        #expect(MarkdownDocument(parsing: example.source).rendered(example.dialect) == example.rendered)
    }

    @Test func `Only HTML has a plain text beside it`() {
        #expect(ChatDialect.allCases.filter { $0.companion == .plain } == [.matrixHTML, .emailHTML])
    }

    @Test func `Containers beyond the limit are left away and their text stays`() {
        let document = MarkdownDocument(parsing: String(repeating: "> ", count: 200) + "deep")
        #expect(document.blocks.map(\.containers.count) == [MarkdownDocument.depthLimit])
        #expect(document.visibleText == "deep")
    }

    @Test func `Bytes that are no text are read as something`() {
        let document = MarkdownDocument(parsing: String(decoding: [0xFF, 0x2A, 0xC3, 0x28] as [UInt8], as: UTF8.self))
        #expect(document.rendered(.plain) == "\u{FFFD}*\u{FFFD}(")
    }
}
