import Core
import Testing

@testable import EngagePatterns

@Suite struct EngagePatternTests {
    @Test(arguments: [
        (".", "", true), (".", "anything", true), ("help", "please help me", true), ("help", "HELP", false),
        ("(?i)help", "HELP", true), ("^hey", "hey you", true), ("^hey", "oh hey", false), ("you$", "hey you", true),
        ("\\bbot\\b", "the bot, please", true), ("\\bbot\\b", "robot", false), ("a|b+c", "xbbc", true),
        ("colou?r", "color", true), ("[a-c]{2,3}x", "abcx", true), ("[a-c]{2,3}x", "ax", false),
        ("[^0-9]", "123", false), ("\\d{3}-\\d{4}", "call 555-1234 now", true), ("(?:ab)+$", "xabab", true),
        ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false), ("[]x]", "]", true), ("\\.", "a", false),
        ("straße", "die straße", true), ("a.c", "a\nc", false), ("", "", true),
    ])
    func `§16.62 §16.63 a pattern is searched anywhere in the text`(
        pattern: String,
        text: String,
        expected: Bool
    ) throws {
        #expect(try EngagePattern(pattern).matches(text) == expected)
    }

    @Test(arguments: [
        "(", ")", "[a", "*a", "a**", "a{5,2}", "a{1000}", "\\", "(?=x)", "(?i", "a{x}", "\\q", "[z-a]",
        "((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))", String(repeating: "a", count: 501),
        "((a{100}){100}){100}", "(((){100}){100}){100}", String(repeating: "e\u{301}", count: 251),
    ])
    func `§16.64 a bad pattern is refused with its place`(pattern: String) {
        #expect(throws: EngagePatternError.self) { try EngagePattern(pattern) }
    }

    @Test func `§16.65 the worst pattern over the longest text ends in bounded time`() throws {
        let pattern = try EngagePattern("(a+)+(a+)+(a|aa){1,50}b")
        let text = String(repeating: "a", count: EngagePattern.longestText * 4)
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!pattern.matches(text)) }
        #expect(time < .seconds(20))
    }

    @Test func `a class of many members costs what its members and its repetitions cost, not their product`() throws {
        var members = String.UnicodeScalarView()
        members.append(contentsOf: (0x4E00..<0x4E00 + 480).compactMap { Unicode.Scalar($0 as UInt32) })
        let pattern = try EngagePattern("(?i)(?:[\(String(members))]{100}){19}!")
        // The last member, so that the search for it passes all others.
        let last = try #require(String(members).last)
        let (isMatch, looks) = pattern.search(String(repeating: last, count: 400))
        #expect(!isMatch)
        #expect(looks <= 401 * EngagePattern.mostLooks)
        #expect(pattern.search(String(repeating: last, count: 1900) + "!").isMatch)
    }

    @Test(arguments: [
        ("(?i)[a-c]{2}", "xBC", true), ("(?i)É", "é", true), ("(?i)[^a]", "A", false), ("[a-c]", "B", false),
        ("^$", "", true), ("\\b", "", false), ("\\B", "", true), ("a\\b$", "xa", true), ("\\Ba", "ba", true),
    ])
    func `classes keep to the case, and places are those between two characters`(
        pattern: String,
        text: String,
        expected: Bool
    ) throws {
        #expect(try EngagePattern(pattern).matches(text) == expected)
    }
}
