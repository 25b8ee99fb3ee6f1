@testable import ChatMarkdown

/// Any Markdown, written in each dialect and cut into messages.
///
/// No message is over the limit, all that was seen is seen in the same order, and what is written holds to the
/// platform's rules.
struct ChatTextTarget: FuzzTarget {
    static let name = "chat-text"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let dialect = choices.pick(ChatDialect.allCases)
        let unit = choices.pick(TextUnit.allCases)
        let limit = choices.below(1200)
        let source = String(decoding: choices.remainder(), as: UTF8.self)
        let whole = MarkdownDocument(parsing: source)
        check(whole, dialect)
        #if PLANTED
        // A splitter that counts characters for a platform that counts bytes.
        let parts = MarkdownSplitter.split(source, limit: limit, unit: .scalars, dialect: dialect)
        #else
        let parts = MarkdownSplitter.split(source, limit: limit, unit: unit, dialect: dialect)
        #endif
        let documents = parts.map { MarkdownDocument(parsing: $0) }
        for document in documents {
            let text = document.rendered(dialect)
            let room = max(limit, MarkdownSplitter.smallestLimit)
            require(unit.count(text) <= room, "a part is within the limit: \(unit.count(text)) \(unit) of \(room)")
            check(document, dialect)
        }
        let expected = SeenText.of(whole)
        if whole.blocks.contains(where: \.hasLink) {
            // Where a link has no room its target is shown beside its words.
            require(SeenText.isPart(expected, of: documents.flatMap(SeenText.of)), "nothing that is seen is lost")
        } else {
            require(SeenText.isSeen(expected, in: documents), "what is seen is what was seen")
        }
    }

    private func check(_ document: MarkdownDocument, _ dialect: ChatDialect) {
        let text = document.rendered(dialect)
        switch dialect {
        case .matrixHTML, .emailHTML: MarkupRules.checkHTML(text)
        case .slackMrkdwn: MarkupRules.checkSlack(text)
        case .telegramMarkdownV2:
            let shown = TelegramMarkup.shown(text)
            if case .failure(let why) = shown { violated("Telegram takes the text: \(why.words)") }
            if case .success(let plain) = shown {
                require(
                    SeenText.isPart(SeenText.of(document), of: SeenText.characters(plain)),
                    "Telegram shows what is seen"
                )
            }
        case .plain, .markdown, .discord: break
        }
    }
}

/// What people see of documents, byte by byte and without white space.
private enum SeenText {
    static func of(_ document: MarkdownDocument) -> [UInt8] { document.blocks.flatMap { of($0) } }

    private static func of(_ block: Block) -> [UInt8] { characters(MarkdownDocument(blocks: [block]).visibleText) }

    /// Whether this and nothing else is seen in documents that go on with one another.
    ///
    /// A table at a document's beginning may go on with the one before, whose header it repeats.
    static func isSeen(_ expected: [UInt8], in documents: [MarkdownDocument]) -> Bool {
        var header: [String]?
        // How much of it may have been seen so far.
        var places: Set<Int> = [0]
        for document in documents {
            for (index, block) in document.blocks.enumerated() {
                var ways = [of(block)]
                if case .table(var table) = block.content {
                    let own = table.header.map(\.text)
                    if index == 0, own == header {
                        var rest = block
                        table.header = []
                        rest.content = .table(table)
                        ways.append(of(rest))
                    }
                    header = own
                } else {
                    header = nil
                }
                places = Set(
                    places.flatMap { place in
                        ways.filter { expected[place...].starts(with: $0) }.map { place + $0.count }
                    }
                )
            }
        }
        return places.contains(expected.count)
    }

    static func characters(_ text: String) -> [UInt8] {
        var kept = ""
        for scalar in text.unicodeScalars where !scalar.properties.isWhitespace { kept.unicodeScalars.append(scalar) }
        return Array(kept.utf8)
    }

    /// Whether all of `some` stands in `all`, in the same order.
    static func isPart(_ some: [UInt8], of all: [UInt8]) -> Bool {
        var rest = some[...]
        for byte in all where byte == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }
}

extension Block {
    fileprivate var hasLink: Bool {
        func isLinked(_ runs: [InlineRun]) -> Bool { runs.contains { $0.link != nil } }
        return switch content {
        case .paragraph(let runs), .heading(_, let runs): isLinked(runs)
        case .table(let table): ([table.header] + table.rows).contains { $0.contains(where: isLinked) }
        case .code, .rule: false
        }
    }
}
