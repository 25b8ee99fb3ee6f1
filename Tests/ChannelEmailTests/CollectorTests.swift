import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelEmail

/// What is kept of a mail, and where it ends.
@Suite struct CollectorTests {
    private static let head = "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"

    private static func file(_ name: String, _ size: Int) -> String {
        "--x\r\nContent-Disposition: attachment; filename=\(name)\r\n\r\n\(String(repeating: "f", count: size))\r\n"
    }

    /// Collects a mail with room for files of a thousand bytes; the body is given it before its files are removed.
    private static func collected(
        _ mail: String,
        isWhole: Bool = true,
        _ body: (MailCollector) throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let collector = MailCollector(MediaFolder(path: folder, largest: 1000))
            try await collector.feed(Array(mail.utf8))
            try await collector.finish(isWhole: isWhole)
            try body(collector)
            #expect(try FileNames.all(folder).count == collector.files.count)
            await collector.discard()
            #expect(try FileNames.all(folder).isEmpty)
        }
    }

    @Test(arguments: [
        ([1000], ["0"], ""), ([1001], [], "it has more than 1 KiB"),
        ([1000, 1000, 1], ["0", "1"], "too large together"), ([1001, 1000], ["1"], "it has more than 1 KiB"),
        (Array(repeating: 1, count: 33), (0..<32).map(String.init), "too many files"),
    ])
    func `files are kept up to bounds of one, of all and of their number`(
        _ sizes: [Int],
        _ kept: [String],
        _ note: String
    ) async throws {
        let files = sizes.enumerated().map { Self.file("\($0)", $1) }.joined()
        try await Self.collected(Self.head + files + "--x--\r\n") { collector in
            #expect(collector.files.map(\.name) == kept)
            #expect(collector.notes.count == sizes.count - kept.count)
            #expect(collector.notes.allSatisfy { $0.contains(note) })
        }
    }

    @Test func `a mail full of files that are not kept leaves few lines`() async throws {
        let files = String(repeating: Self.file("big", 1001), count: 100)
        try await Self.collected(Self.head + files + "--x--\r\n") { collector in
            #expect(collector.files.isEmpty && collector.notes.count == MailCollector.Limit.files)
        }
    }

    @Test func `text that is too long is cut and says so`() async throws {
        let line = String(repeating: "t", count: 99) + "\r\n"
        let mail = "From: a@b.c\r\n\r\n" + String(repeating: line, count: 20_000)
        try await Self.collected(mail) { collector in
            #expect(collector.text.utf8.count < MailCollector.Limit.text + 100)
            #expect(collector.text.hasSuffix("[the text is too long and was cut]"))
        }
    }

    @Test func `of a mail that is left at the server what came is kept, and the file that is not whole is none`()
        async throws
    {
        let mail = Self.head + "--x\r\n\r\nhello\r\n" + Self.file("whole", 10) + Self.file("half", 10)
        try await Self.collected(mail, isWhole: false) { collector in
            #expect(collector.text == "hello" && collector.files.map(\.name) == ["whole"])
            #expect(collector.notes.contains { $0.hasPrefix("[file half") && $0.hasSuffix("the mail is too large]") })
            #expect(collector.notes.last?.hasPrefix("[the rest of the mail") == true)
        }
    }
}
