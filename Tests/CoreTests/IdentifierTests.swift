import Core
import Testing

struct IdentifierTests {
    @Test func `random ids are safe path segments and differ`() {
        let ids = (0..<1000).map { _ in MessageID.random() }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(id.rawValue.hasPrefix("m_"))
            #expect(MessageID(rawValue: id.rawValue) == id)
            #expect(PathSegment.isSafe(id.rawValue))
        }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\\b", "a b", "a\u{0}b", "ä", String(repeating: "x", count: 65)])
    func `text that could leave its folder is no id`(text: String) {
        #expect(MessageID(rawValue: text) == nil)
    }

    @Test(arguments: [
        ("telegram:123", "telegram", "123"), ("matrix:@a:b.org", "matrix", "@a:b.org"), ("cli:0", "cli", "0"),
        ("matrix:\u{301}x:y", "matrix", "\u{301}x:y"),
    ])
    func `a user id splits at its first colon`(text: String, channel: String, native: String) throws {
        let user = try #require(UserID(text))
        #expect(user.channel == channel)
        #expect(user.native == native)
        #expect(user.description == text)
    }

    @Test(arguments: ["", "cli", ":1", "cli:"])
    func `a user id needs both parts`(text: String) {
        #expect(UserID(text) == nil)
    }

    @Test func `an account ends at its colon, whatever accent follows`() {
        #expect(ChatAddress(channel: "cli", platformID: "cli:local:\u{301}main").account == "local")
        #expect(ChatAddress(channel: "cli", platformID: "cli:\u{301}a:b:c").account == "\u{301}a")
    }

    @Test(arguments: ["main", "dm-with-ann", "A1_b"])
    func `a plain folder name is a group folder`(name: String) {
        #expect(PathSegment.isGroupFolder(name))
    }

    @Test(arguments: [
        "global", "", ".", "..", "../x", "_x", "-x", "a/b", "a b", "é", String(repeating: "a", count: 65),
    ])
    func `a folder name that escapes or is reserved is refused`(name: String) {
        #expect(!PathSegment.isGroupFolder(name))
    }

    @Test(arguments: [
        ("My Chat!!", "my-chat"), ("###", "unnamed"), ("", "unnamed"), ("a_b", "a-b"), ("  x  ", "x"), ("Ünï", "n"),
    ])
    func `a local name keeps letters and digits, the rest becomes one dash`(text: String, name: String) {
        #expect(PathSegment.localName(text) == name)
    }
}
