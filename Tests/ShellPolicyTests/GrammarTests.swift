import Foundation
import TestSupport
import Testing

@testable import ShellPolicy

/// The grammar against the shells themselves.
struct GrammarTests {
    /// Pieces that shells have rules for.
    private static let pieces = [
        " ", " ", " ", "a", "b1", "c", "'", "\"", "\\", "'x y'", "\"q r\"", "\\ ", "\\\"", "\\'", "''", "\"\"", "#",
        " #", "=", "~", "a~", "!", "%",
        "-", "--", "*", "?", "[ ", "]", ";p ", "\np ", "&&p ", "|p ", " | p ", " > f1", ">f2 ", "2>f3 ", " 2>&1",
        " 1>&2 ", "1", "2", "23", ">", ">>", "<a", "é",
        "日", "\t", ",", ":", "@", "+", "./", "\n", ";", "\"'\"", "'\"'", "\\\\", "$", "`", "(", "{", "}", "^", "&",
        "0<b1 ", "\"\\a\"", "\"\\$\"", "\"\\\\\"", "% ", "=~", "a=", "if ",
    ]

    @Test
    func `what is accepted is read by dash, bash and bash as sh exactly as here`() async throws {
        var random = Seeded(state: 4)
        var cases: [Case] = []
        for _ in 0..<400_000 where cases.count < 6000 {
            let count = Int.random(in: 1...10, using: &random)
            let text = "p " + (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
            guard let list = try? CommandList(text), Self.isRunnable(list) else { continue }
            cases.append(Case(text: text, list: list))
        }
        #expect(cases.count == 6000)
        try await withTemporaryDirectory { directory in
            for start in stride(from: 0, to: cases.count, by: 100) {
                let batch = Array(cases[start..<(start + 100)])
                for shell in [["/bin/dash"], ["/bin/bash"], ["/bin/bash", "--posix"]] {
                    let seen = try Self.run(
                        batch.map(\.text),
                        by: shell,
                        in: "\(directory)/\(start)\(shell.count)\(shell[0].suffix(4))"
                    )
                    for (item, calls) in zip(batch, seen.calls) {
                        #expect(calls == Self.calls(item.list), "\(shell): \(item.text)")
                    }
                    #expect(seen.files == batch.reduce(into: Set()) { $0.formUnion(Self.files($1.list)) })
                    #expect(seen.errors.isEmpty, "\(shell): \(seen.errors)")
                }
            }
        }
    }

    @Test
    func `letters that Swift takes for equal are no key of a table`() {
        for text in ["\u{212A}", "\u{37E}", "\u{1FEF}", "l\u{73}\u{301}"] { #expect(Word(text).key.isEmpty) }
        #expect(Word("ls").key == "ls")
    }

    private struct Case {
        let text: String
        let list: CommandList
    }

    /// Whether each command is `p`, reads what is there and writes a plain file of the folder.
    private static func isRunnable(_ list: CommandList) -> Bool {
        list.commands.allSatisfy { command in
            command.words[0].bytes == Array("p".utf8) && !command.words[0].isQuoted
                && command.redirections.allSatisfy { redirection in
                    switch redirection {
                    case .duplicate: true
                    case .read(let word): ["a", "b1"].contains(word.text)
                    case .write(let word):
                        !["", ".", "..", "./", "a", "b1"].contains(word.text) && !word.text.contains("/")
                    }
                }
        }
    }

    private static func calls(_ list: CommandList) -> [[String]] {
        list.commands.map { $0.words.dropFirst().map(\.text) }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func files(_ list: CommandList) -> Set<String> {
        Set(
            list.commands.flatMap(\.redirections).compactMap { redirection in
                if case .write(let word) = redirection { word.text } else { nil }
            }
        )
    }

    private struct Seen {
        /// For each text the words of each `p`, sorted: commands of a pipe run at once.
        var calls: [[[String]]]
        var files: Set<String>
        var errors: String
    }

    /// Runs the texts one after the other in one shell, with a function `p` that writes down its words.
    private static func run(_ texts: [String], by shell: [String], in directory: String) throws -> Seen {
        let manager = FileManager.default
        let folder = "\(directory)/folder"
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["a", "b1"] { _ = manager.createFile(atPath: "\(folder)/\(name)", contents: nil) }
        // Patterns stay as they are (-f). What a text leaves open would swallow the mark behind it.
        let mark = "mark-\(texts.count)"
        let script = "set -f; p() { printf '%s\\0' \"$#\" \"$@\" >&9; }\n" + texts.map { "\($0)\np \(mark)\n" }.joined()
        let log = "\(directory)/log"
        let errors = "\(directory)/errors"
        let process = Process()
        process.executableURL = URL(filePath: "/bin/dash")
        process.arguments = ["-c", "exec \"$@\" 9>\(log) 2>\(errors)", "run"] + shell + ["-c", script]
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        var fields = try Data(contentsOf: URL(filePath: log)).split(separator: 0, omittingEmptySubsequences: false)
            .dropLast()
        var calls: [[[String]]] = [[]]
        while let count = fields.popFirst().flatMap({ Int(String(decoding: $0, as: UTF8.self)) }) {
            let words = fields.prefix(count).map { String(decoding: $0, as: UTF8.self) }
            fields = fields.dropFirst(count)
            if words == [mark] { calls.append([]) } else { calls[calls.count - 1].append(words) }
        }
        return Seen(
            calls: calls.map { $0.sorted { $0.lexicographicallyPrecedes($1) } },
            files: Set(try manager.contentsOfDirectory(atPath: folder)).subtracting(["a", "b1"]),
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }
}
