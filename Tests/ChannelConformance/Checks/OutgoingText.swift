import ChannelKit
import ChatMarkdown
import Testing

/// Text that agents write.
extension Stage {
    /// Formatting is what people see, not what they read.
    func markdown() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            try await send(SampleText.markdown, in: world.direct, by: adapter)
            let text = try await text(of: world.direct, when: "the end of the text") {
                $0.contains("example.org/a_b_c")
            }
            guard adapter.capabilities.text != nil else {
                #expect(text == SampleText.markdown, "a channel that takes any Markdown takes it as it is")
                return
            }
            #expect(SampleText.bare(text) == SampleText.barePlain(SampleText.markdown))
            for mark in SampleText.marks { #expect(!text.contains(mark), "\(mark) is markup, which nobody sees") }
            try await send("see [the manual](https://example.org/manual) there", in: world.direct, by: adapter)
            let link = try await answers(in: world.direct, when: "a message with a link") {
                $0.last?.text.contains("the manual") == true
            }
            #expect(link.last.map { $0.text.contains("](") } == false)
        }
    }

    /// All that is visible of the account's messages, once it is as the condition says.
    private func text(of chat: WorldChat, when what: String, _ isDone: (String) -> Bool) async throws -> String {
        func joined(_ answers: [WorldMessage]) -> String { answers.map(\.text).joined(separator: "\n") }
        return joined(try await answers(in: chat, when: what) { isDone(joined($0)) })
    }

    /// 100 KB come whole and in order, in parts that the platform takes.
    func longText() async throws {
        let adapter = try adapter()
        let long = LongText(bytes: 100 << 10)
        try await running(adapter, TestInbox()) {
            try await world.slowSends(upTo: .milliseconds(200))
            let sent = try await send(long.source, in: world.direct, by: adapter)
            let answers = try await answers(in: world.direct, when: "the last word") { answers in
                answers.contains { LongText.numbers(in: $0.text).last == long.wordCount - 1 }
            }
            let faults = long.faults(in: answers.map(\.text))
            #expect(faults.isEmpty, "\(faults.joined(separator: "; "))")
            try check(answers, of: sent, adapter.capabilities)
        }
    }

    private func check(_ answers: [WorldMessage], of sent: SentMessage, _ capabilities: ChannelCapabilities) throws {
        #expect(sent.parts >= answers.count, "as many parts are told as there are messages")
        if let id = sent.platformMessageID { #expect(id == answers.first?.id, "the id is that of the first part") }
        guard let rules = capabilities.text else { return }
        for answer in answers {
            #expect(Self.length(answer.text, rules.unit) <= rules.limit, "no part is longer than the platform takes")
        }
    }

    private static func length(_ text: String, _ unit: TextUnit) -> Int {
        switch unit {
        case .utf16: text.utf16.count
        case .bytes: text.utf8.count
        case .scalars: text.unicodeScalars.count
        }
    }

    /// A word longer than a message is cut between characters, never within one.
    func emoji() async throws {
        let adapter = try adapter()
        let limit = adapter.capabilities.text?.limit ?? 2000
        // Each character of the word has at least two scalars.
        let word = SampleText.clusterWord(min(limit / 2 + 100, 20_000))
        try await running(adapter, TestInbox()) {
            let sent = try await send(word, in: world.direct, by: adapter)
            let answers = try await answers(in: world.direct, when: "all of the word") { answers in
                answers.map { $0.text.utf8.count }.reduce(0, +) >= word.utf8.count
            }
            let characters = answers.flatMap { Array($0.text) }.filter { !$0.isWhitespace }
            #expect(characters == Array(word), "no character is cut, lost or doubled")
            try check(answers, of: sent, adapter.capabilities)
        }
    }

    /// Code longer than a message is code in every part.
    func codeSplit() async throws {
        let adapter = try adapter()
        let limit = min(adapter.capabilities.text?.limit ?? 2000, 60_000)
        let lines = SampleText.codeLines(limit * 5 / 2 / 40)
        let markdown = "Before.\n\n```swift\n\(lines.joined(separator: "\n"))\n```\n\nAfter it."
        try await running(adapter, TestInbox()) {
            let sent = try await send(markdown, in: world.direct, by: adapter)
            let answers = try await answers(in: world.direct, when: "the words after the code") {
                $0.last?.text.contains("After it.") == true
            }
            guard adapter.capabilities.text != nil else {
                #expect(answers.map(\.text) == [markdown])
                return
            }
            let shown = answers.flatMap { $0.text.split(separator: "\n") }.map(Self.withoutTrailingSpace)
            #expect(shown.filter { $0.contains("line_") } == lines, "every line of code is there as it was, in order")
            #expect(!shown.contains { $0.contains("```") }, "a fence is closed in the part that it begins in")
            try check(answers, of: sent, adapter.capabilities)
        }
    }

    private static func withoutTrailingSpace(_ line: Substring) -> String {
        var line = line
        while line.last?.isWhitespace == true { line.removeLast() }
        return String(line)
    }
}
