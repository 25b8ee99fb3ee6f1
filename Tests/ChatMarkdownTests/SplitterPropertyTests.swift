import Testing

@testable import ChatMarkdown

/// Random texts, cut for every dialect and unit.
@Suite struct SplitterPropertyTests {
    private static let sizes = [64, 100, 160, 280, 500, 1000, 2000]

    /// The characters that are seen, but white space and the header of a table that goes on.
    static func seen(_ documents: [MarkdownDocument]) -> [[UInt8]] {
        var header: [Table.Cell]?
        var all: [[UInt8]] = []
        for document in documents {
            for (index, block) in document.blocks.enumerated() {
                var block = block
                let before = header
                header = nil
                if case .table(var table) = block.content {
                    header = table.header
                    if index == 0, before?.map(\.text) == table.header.map(\.text) { table.header = [] }
                    block.content = .table(table)
                }
                for character in MarkdownDocument(blocks: [block]).visibleText {
                    let seen = String(
                        String.UnicodeScalarView(character.unicodeScalars.filter { !$0.properties.isWhitespace })
                    )
                    if !seen.isEmpty { all.append(Array(seen.utf8)) }
                }
            }
        }
        return all
    }

    private func check(_ source: String, _ generator: inout MarkdownGenerator, _ seed: UInt64, compare: Bool = true) {
        let whole = MarkdownDocument(parsing: source)
        for dialect in ChatDialect.allCases {
            let limit = generator.pick(Self.sizes)
            let unit = generator.pick(TextUnit.allCases)
            let parts = MarkdownSplitter.split(source, limit: limit, unit: unit, dialect: dialect)
            let documents = parts.map { MarkdownDocument(parsing: $0) }
            for document in documents {
                let count = unit.count(document.rendered(dialect))
                #expect(count <= limit, "seed \(seed): \(dialect) \(unit) \(count) of \(limit)")
            }
            guard compare else { continue }
            let (got, expected) = (Self.seen(documents), Self.seen([whole]))
            if got != expected {
                Issue.record("seed \(seed): \(dialect) \(unit) \(limit): \(Self.difference(got, expected))")
            }
        }
    }

    private static func difference(_ got: [[UInt8]], _ expected: [[UInt8]]) -> String {
        let start = max(0, zip(got, expected).prefix { $0 == $1 }.count - 10)
        func text(_ some: [[UInt8]]) -> String {
            some.dropFirst(start).prefix(30).map { String(decoding: $0, as: UTF8.self) }.joined()
        }
        return "\(text(got)) is not \(text(expected))"
    }

    @Test(arguments: 0..<8) func `Every part is within the limit and nothing is lost`(_ shard: Int) {
        for seed in 0..<UInt64(40) {
            let seed = seed * 8 + UInt64(shard) + 1
            var generator = MarkdownGenerator(seed: seed)
            // A link without room becomes text and target, so that more is seen than was written.
            generator.hasLinks = false
            check(generator.document(), &generator, seed)
        }
    }

    @Test(arguments: 0..<4) func `Links are within the limit, and noise too`(_ shard: Int) {
        for seed in 0..<UInt64(30) {
            let seed = 10_000 + seed * 4 + UInt64(shard)
            var generator = MarkdownGenerator(seed: seed)
            check(generator.document(), &generator, seed, compare: false)
            check(generator.noise(600), &generator, seed, compare: false)
        }
    }

    @Test(arguments: 0..<4) func `A document written as Markdown reads back as itself`(_ shard: Int) {
        var exact = 0
        var total = 0
        for seed in 0..<UInt64(250) {
            let seed = seed * 4 + UInt64(shard) + 50_000
            var generator = MarkdownGenerator(seed: seed)
            let source = seed.isMultiple(of: 5) ? generator.noise(200) : generator.document()
            let document = MarkdownDocument(parsing: source)
            let again = MarkdownDocument(parsing: document.rendered(.markdown))
            total += 1
            if again == document { exact += 1 }
            let (got, expected) = (Self.seen([again]), Self.seen([document]))
            if got != expected { Issue.record("seed \(seed): \(Self.difference(got, expected))") }
        }
        // What is left: an address in raw HTML becomes a link, and a list whose parts the parser dropped is tight.
        #expect(exact * 100 >= total * 92, "\(exact) of \(total)")
    }
}
