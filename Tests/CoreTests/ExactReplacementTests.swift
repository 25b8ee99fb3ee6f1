import Testing

@testable import Core

@Suite struct ExactReplacementTests {
    @Test(arguments: [
        ("it's", "'", "'\\''", "it'\\''s"), ("it'\u{309}s", "'", "'\\''", "it'\\''\u{309}s"),
        ("%3A\u{301}", "%3A", ":", ":\u{301}"), ("", "'", "x", ""), ("\u{309}''", "'", "", "\u{309}"),
    ])
    func `a mark is replaced whatever stands behind it`(text: String, mark: String, new: String, expected: String) {
        #expect(Array(text.replacingExactly(mark, with: new).utf8) == Array(expected.utf8))
    }
}
