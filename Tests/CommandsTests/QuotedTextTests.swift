import TestSupport
import Testing

@testable import Commands

@Suite struct QuotedTextTests {
    @Test(arguments: ["plain/path", "", "it's", "it'\u{309}s $HOME `x` \"y\" \\", "a'\u{301}; echo no #"])
    func `a shell reads a quoted text back as it was`(text: String) async throws {
        let read = try await Judge.run("/bin/bash", ["-c", "printf %s \(ShellText.quoted(text))"])
        #expect(Array(read.utf8) == Array(text.utf8))
    }

    @Test func `a quote before a combining mark ends no word of a unit`() {
        #expect(UnitFile.word("a\"\u{309}%\u{309}$\u{309}") == #""a\"\#u{309}%%\#u{309}$$\#u{309}""#)
    }
}
