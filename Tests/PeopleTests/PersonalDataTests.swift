import CentralStore
import Core
import People
import Testing

@Suite struct `Whose a conversation is` {
    static let handles = [ann, UserID(channel: "matrix", native: "@ann:example.org")]

    @Test(
        arguments: [
            (["telegram:7": 3], false, false, false, .own), (["telegram:7": 3], true, false, false, .shared),
            (["telegram:7": 3], false, true, false, .shared),
            (["telegram:7": 3, "matrix:@ann:example.org": 1], false, false, false, .own),
            (["telegram:7": 3, "telegram:666": 1], false, false, false, .shared),
            (["telegram:7": 3, "": 1], false, false, false, .shared),
            (["telegram:666": 1], false, false, false, .foreign), (["telegram:666": 1], false, false, true, .foreign),
            ([:], false, false, false, .foreign), ([:], false, false, true, .own), ([:], true, false, true, .foreign),
            (["telegram:77": 3], false, false, false, .foreign),
        ] as [([String: Int], Bool, Bool, Bool, ConversationShare)]
    )
    func `only a direct chat in which nobody else wrote is one person's`(
        senders: [String: Int],
        isGroup: Bool,
        isOfAllChats: Bool,
        isDirect: Bool,
        expected: ConversationShare
    ) {
        let facts = ConversationShare.Facts(
            senders: senders,
            isGroup: isGroup,
            isOfAllChats: isOfAllChats,
            isDirectChatOfPerson: isDirect
        )
        #expect(ConversationShare(facts, handles: Self.handles) == expected)
    }

    @Test(
        arguments: [
            ("Ann likes tea", true), ("ANN, likes tea", true), ("Annabel likes tea", false), ("Joann", false),
            ("see telegram:7 there", true), ("the number 7", false), ("write to @ann_b.", true), ("", false),
            ("äann", false), ("an", false),
        ] as [(String, Bool)]
    )
    func `a text is about somebody when it has one of their names as a word`(text: String, isFound: Bool) {
        let user = User(id: ann, displayName: "Ann", handle: "ann_b", createdAt: now)
        #expect(Mentions(of: [user]).isIn(Array(text.utf8)) == isFound)
    }

    @Test func `a name that is in every text finds nothing`() {
        let user = User(id: UserID(channel: "x", native: "1"), displayName: "Al", createdAt: now)
        #expect(Mentions(of: [user]).words == [Array("x:1".utf8)])
    }
}

@Suite struct `The name of a new agent` {
    @Test(
        arguments: [
            ("Helper", .name("Helper")), ("  Ann's helper \n", .name("Ann's helper")), ("/cancel", .cancel),
            ("/CANCEL now", .cancel), ("日本", .name("日本")),
        ] as [(String, NameAnswer)]
    )
    func `an answer is a name or a no`(text: String, answer: NameAnswer) { #expect(NameAnswer(text) == answer) }

    @Test(arguments: [
        "", "  ", "/stop", "a\nb", "a\u{202E}b", "a\u{200B}b", "a\u{2028}b", "a\u{85}b",
        String(repeating: "x", count: 81),
    ])
    func `what cannot be seen or read as a line is no name`(text: String) {
        guard case .none = NameAnswer(text) else {
            Issue.record("\(NameAnswer(text))")
            return
        }
    }
}
