import Core
import Testing

@testable import ChannelEmail

@Suite struct IMAPWireTests {
    private static func responses(_ text: String, piece: Int = 1 << 20) throws -> [IMAPResponse] {
        var reader = IMAPLineReader()
        var found: [IMAPResponse] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            reader.feed(Array(bytes[start..<min(start + piece, bytes.count)]))
            while let pieces = try reader.next() { found.append(IMAPResponse(pieces)) }
        }
        return found
    }

    @Test(arguments: [1, 2, 5, 1000])
    func `literals are part of their response however the bytes come`(_ piece: Int) throws {
        let text = "* 1 FETCH (UID 7 BODY[]<0> {5}\r\na)\r\n( FLAGS (\\Seen \"x\"))\r\nn1 OK done\r\n"
        let found = try Self.responses(text, piece: piece)
        #expect(found.count == 2)
        guard case .fetch(let items)? = found.first else {
            Issue.record("no fetch: \(found)")
            return
        }
        #expect(items["UID"]?.number == 7 && items["BODY[]<0>"]?.bytes == Array("a)\r\n(".utf8))
        #expect(items["FLAGS"] == .list([.atom("\\Seen"), .string([0x78])]))
    }

    @Test(
        arguments: [
            ("* 23 EXISTS", .exists(23)), ("* 4 expunge", .expunge(4)), ("* SEARCH 3 1 2", .search([3, 1, 2])),
            ("* SEARCH", .search([])),
            ("* SEARCH 1 x 0 4294967295 99999999999", .search([1])),
            ("* CAPABILITY IMAP4rev1 idle AUTH=PLAIN", .capability(["IMAP4REV1", "IDLE", "AUTH=PLAIN"])),
            ("+ idling", .continuation("idling")), ("+", .continuation("")), ("* FLAGS (\\Seen)", .other), ("", .other),
            ("*", .other), ("n1", .other),
            ("* 99999999999 EXISTS", .other), ("* -1 EXISTS", .other), ("* 1 FETCH", .other),
            ("* 1 FETCH (UID", .other), ("* 1 FETCH (UID 1) x", .fetch(["UID": .atom("1")])),
            ("* 1 FETCH ()", .fetch([:])), ("* 1 FETCH ((a) b)", .other),
            ("* 1 FETCH (BODY[HEADER.FIELDS (A B)] NIL)", .fetch(["BODY[HEADER.FIELDS (A B)]": .atom("NIL")])),
        ] as [(String, IMAPResponse)]
    )
    func `responses are read`(_ text: String, _ response: IMAPResponse) throws {
        #expect(try Self.responses(text + "\r\n") == [response])
    }

    @Test(
        arguments: [
            ("* OK [UIDVALIDITY 12] fine", nil, "OK", "UIDVALIDITY", "12", "fine"),
            ("n1 NO [AUTHENTICATIONFAILED] no", "n1", "NO", "AUTHENTICATIONFAILED", "", "no"),
            ("* BYE bye\u{7}now", nil, "BYE", nil, "", "bye now"), ("n1 ok", "n1", "OK", nil, "", ""),
            ("n1 BAD [x", "n1", "BAD", nil, "", "[x"),
        ] as [(String, String?, String, String?, String, String)]
    )
    func `a status is read with its code`(
        _ text: String,
        _ tag: String?,
        _ kind: String,
        _ code: String?,
        _ argument: String,
        _ words: String
    ) throws {
        guard case .status(tag, let status)? = try Self.responses(text + "\r\n").first else {
            Issue.record("no status")
            return
        }
        #expect(
            status.kind.rawValue == kind && status.code == code && status.argument == argument && status.text == words
        )
    }

    @Test(arguments: [
        "* 1 FETCH (BODY[] {999999999}\r\n", "* 1 FETCH (BODY[] {99999999999999999999}\r\n",
        String(repeating: "x", count: (1 << 20) + 1),
        String(repeating: "{1}\r\nx", count: 40), "* 1 FETCH (BODY[] {600000}\r\n",
    ])
    func `what is over a bound is refused before it is kept`(_ text: String) {
        let error = #expect(throws: MailError.self) { try Self.responses(text) }
        #expect(error?.code == .malformed)
    }

    @Test func `lists in one another end at a depth`() throws {
        let deep = "* 1 FETCH " + String(repeating: "(", count: 100_000) + "\r\n"
        #expect(try Self.responses(deep) == [.other])
        #expect(try Self.responses("* 1 FETCH (a ((((((((((b)))))))))))\r\n").count == 1)
    }

    @Test(
        arguments: [("a", "\"a\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("é", nil), ("a\r\nb", nil)] as [(String, String?)]
    )
    func `a string is quoted so that it cannot become a command`(_ text: String, _ quoted: String?) {
        #expect(IMAPClient.quoted(text) == quoted)
    }
}
