import Glibc
import Testing

@testable import ChatMarkdown

/// Inputs that are made to cost time, memory or stack.
@Suite(.timeLimit(.minutes(1)))
struct HostileInputTests {
    private static let inputs: [(name: String, source: String)] = [
        ("quotes", String(repeating: ">", count: 50_000) + " x"),
        ("items", String(repeating: "- ", count: 50_000) + "x"),
        ("nested items", (0..<300).map { String(repeating: " ", count: $0 * 2) + "- x\n" }.joined()),
        ("quotes over lines", String(repeating: String(repeating: "> ", count: 200) + "x\n", count: 250)),
        ("open emphasis", String(repeating: "*a **a ", count: 14_000)),
        ("underscores", String(repeating: "_", count: 100_000) + "a"),
        ("tildes", String(repeating: "~~a ", count: 25_000)),
        ("brackets", String(repeating: "[", count: 100_000)),
        ("images", String(repeating: "![", count: 50_000)),
        ("open links", String(repeating: "[a](", count: 25_000)),
        ("open targets", String(repeating: "![l](<", count: 16_000)),
        ("links", String(repeating: "[a](http://b.c)", count: 6_000)),
        ("backticks", (1...400).map { "e" + String(repeating: "`", count: $0) }.joined()),
        ("html", String(repeating: "<?", count: 50_000)),
        ("declarations", String(repeating: "<!A ", count: 25_000)),
        ("addresses", String(repeating: "a@b.", count: 25_000)),
        ("hosts", String(repeating: "www.", count: 25_000)),
        ("entities", String(repeating: "&#", count: 50_000)),
        (
            "wide table",
            String(repeating: "|a", count: 10_000) + "|\n" + String(repeating: "|-", count: 10_000) + "|\n"
                + String(repeating: "x\n", count: 25_000)
        ),
        ("long table", "|a|b|\n|-|-|\n" + String(repeating: "|x|y|\n", count: 16_000)),
        (
            "definitions",
            (0..<4_000).map { "[r\($0)]: http://e.org/\($0)\n" }.joined() + String(repeating: "[r1] ", count: 4_000)
        ),
        ("one character", "a" + String(repeating: "\u{301}", count: 50_000)),
        ("alternating marks", String(repeating: "**a *b*** *c* ", count: 7_000)),
        ("beyond the limit", String(repeating: "**a** ", count: MarkdownDocument.sourceLimit / 5)),
    ]

    @Test(arguments: inputs.map(\.name)) func `It is parsed, cut and written in time`(_ name: String) throws {
        let source = try #require(Self.inputs.first { $0.name == name }).source
        let clock = ProcessorTime()
        let start = clock.now
        let parts = MarkdownSplitter.split(source, limit: 4096, unit: .utf16, dialect: .telegramMarkdownV2)
        let length = parts.map { MarkdownDocument(parsing: $0).rendered(.telegramMarkdownV2).utf16.count }.max() ?? 0
        #expect(length <= 4096)
        // The slowest takes three seconds without optimisation; what costs the square of its length takes minutes.
        #expect(clock.now - start < .seconds(20))
    }

    @Test func `A hundred kilobytes with emoji and code are cut in time`() {
        let paragraph = "Some **bold** words 👩‍👩‍👧‍👦 and `code`, a [link](https://example.org/x?a=1&b=2) and 漢字かな. "
        let section =
            "# Heading\n\n" + String(repeating: paragraph, count: 8) + "\n\n- one\n- two 👍🏽\n  - three\n\n```swift\n"
            + String(repeating: "let value = array[index] + 1 // `x`\n", count: 20) + "```\n\n"
        let source = String(repeating: section, count: 100 * 1024 / section.utf8.count)
        let clock = ProcessorTime()
        for (limit, dialect) in [
            (4096, ChatDialect.telegramMarkdownV2), (2000, .discord), (500, .plain), (40_000, .matrixHTML),
        ] {
            _ = MarkdownSplitter.split(source, limit: limit, unit: .utf16, dialect: dialect)
            let start = clock.now
            _ = MarkdownSplitter.split(source, limit: limit, unit: .utf16, dialect: dialect)
            let spent = clock.now - start
            // 130 to 260 ms without optimisation on a busy machine of two cores.
            #expect(spent < .milliseconds(800), "\(dialect)")
        }
    }

    @Test func `Documents are parsed by many threads at once`() async {
        var generator = MarkdownGenerator(seed: 7)
        let sources = (0..<40).map { _ in generator.document() + "\n\n~~a~~ www.e.org" }
        let alone = sources.map { MarkdownDocument(parsing: $0) }
        await withTaskGroup { group in
            for round in 0..<8 {
                group.addTask {
                    for index in sources.indices {
                        let at = (index * 7 + round) % sources.count
                        #expect(MarkdownDocument(parsing: sources[at]) == alone[at])
                    }
                }
            }
        }
    }
}

/// The processor time of this thread: what others do meanwhile does not count.
private struct ProcessorTime {
    var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
