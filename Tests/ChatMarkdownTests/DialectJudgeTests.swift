import Foundation
import TestSupport
import Testing

@testable import ChatMarkdown

/// Other parsers read what we write: Telegram's own, and Python's for HTML.
@Suite(.timeLimit(.minutes(5)))
struct DialectJudgeTests {
    private struct Answer: Decodable {
        var text: String?
        var error: String?
        var kinds: [String]?
    }

    private func ask(_ program: String, _ python: String, _ texts: [String]) async throws -> [Answer] {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/texts"
            let lines = try texts.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }
            try lines.joined().write(toFile: file, atomically: false, encoding: .utf8)
            let said = try await Judge.run(python, [Judge.directory.appending(path: program).path, file])
            let answers = try said.split(separator: "\n").map {
                try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
            }
            try #require(answers.count == texts.count)
            return answers
        }
    }

    /// Random texts, and some of them in parts.
    private func sources(_ dialect: ChatDialect) -> [(seed: UInt64, source: String)] {
        (0..<UInt64(1000)).flatMap { seed -> [(seed: UInt64, source: String)] in
            let seed = 90_000 + seed
            var generator = MarkdownGenerator(seed: seed)
            let source = seed.isMultiple(of: 4) ? generator.noise(200) : generator.document()
            guard seed.isMultiple(of: 5) else { return [(seed, source)] }
            return MarkdownSplitter.split(source, limit: 300, unit: .utf16, dialect: dialect).map { (seed, $0) }
        }
    }

    /// What is seen of the blocks with their markers, which HTML has as tags.
    private func expected(_ document: MarkdownDocument, html: Bool = false) -> String {
        var text = ""
        var previous: Block?
        for block in document.blocks {
            let common = zip(previous?.containers ?? [], block.containers).prefix { $0.id == $1.id }.count
            for container in block.containers[common...] where container.isItem {
                if case .ordered(let number) = container.kind, !html { text += "\(number)." }
                if let isChecked = container.isChecked {
                    text += isChecked ? "☑" : "☐"
                } else if container.kind == .bullet, !html {
                    text += "•"
                }
            }
            switch block.content {
            case .paragraph(let runs), .heading(_, let runs): text += runs.text
            case .code(_, let code): text += code
            case .table(let table):
                text += html ? ([table.header] + table.rows).joined().map(\.text).joined() : AlignedTable.text(table)
            case .rule: text += html ? "" : "———"
            }
            previous = block
        }
        return text
    }

    /// Without white space and what TDLib takes out of every message.
    private func seen(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { scalar in
                    !scalar.properties.isWhitespace && !(0x2028...0x202E).contains(scalar.value)
                        && ![0x333, 0x33F, 0x30A].contains(scalar.value)
                }
            )
        )
    }

    @Test(.enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask TDLib (package tdjson from PyPI)"))
    func `Telegram reads every text and shows what was meant`() async throws {
        try await Judge.prepare()
        let sources = sources(.telegramMarkdownV2)
        let documents = sources.map { MarkdownDocument(parsing: $0.source) }
        let texts = documents.map { $0.rendered(.telegramMarkdownV2) }
        let answers = try await ask("telegram_entities.py", Judge.python, texts)
        var kinds: Set<String> = []
        for (index, answer) in answers.enumerated() {
            #expect(answer.error == nil, "seed \(sources[index].seed): \(answer.error ?? "")")
            kinds.formUnion(answer.kinds ?? [])
            let (got, wanted) = (seen(answer.text ?? ""), seen(expected(documents[index])))
            if Array(got.utf8) != Array(wanted.utf8) {
                let same = got.commonPrefix(with: wanted, options: .literal)
                Issue.record(
                    "seed \(sources[index].seed): after \(same.suffix(20)): \(got.dropFirst(same.count).prefix(30)) is not \(wanted.dropFirst(same.count).prefix(30))"
                )
            }
        }
        #expect(
            kinds.isSuperset(of: ["Bold", "Italic", "Strikethrough", "Code", "Pre", "PreCode", "TextUrl", "BlockQuote"])
        )
    }

    @Test(arguments: [ChatDialect.matrixHTML, .emailHTML])
    func `HTML has only known tags in order and shows what was meant`(_ dialect: ChatDialect) async throws {
        let sources = sources(dialect)
        let documents = sources.map { MarkdownDocument(parsing: $0.source) }
        let answers = try await ask("html_tags.py", "/usr/bin/python3", documents.map { $0.rendered(dialect) })
        for (index, answer) in answers.enumerated() {
            #expect(answer.error == nil, "seed \(sources[index].seed): \(answer.error ?? "")")
            let (got, wanted) = (seen(answer.text ?? ""), seen(expected(documents[index], html: true)))
            #expect(Array(got.utf8) == Array(wanted.utf8), "seed \(sources[index].seed)")
        }
    }
}
