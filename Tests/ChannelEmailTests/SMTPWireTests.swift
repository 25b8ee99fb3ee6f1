import ChannelKit
import Core
import Testing

@testable import ChannelEmail

@Suite struct SMTPWireTests {
    private static func envelope(to recipient: String = "ann@example.org") throws -> SMTPDialogue.Envelope {
        SMTPDialogue.Envelope(
            sender: try #require(MailAddress("bot@example.net")),
            recipient: try #require(MailAddress(recipient)),
            size: 1000
        )
    }

    private static func reply(_ text: String) throws -> SMTPReply? {
        var reader = SMTPReplyReader()
        reader.feed(Array(text.utf8))
        return try reader.next()
    }

    /// The actions that follow the server's answers.
    private static func talk(
        _ server: String,
        _ answers: [String],
        to recipient: String? = "ann@example.org"
    ) throws -> [SMTPDialogue.Action] {
        var envelope: SMTPDialogue.Envelope?
        if let recipient { envelope = try Self.envelope(to: recipient) }
        var dialogue = SMTPDialogue(try MailServer(server, .smtp), user: "u", password: "p", envelope)
        var actions: [SMTPDialogue.Action] = []
        for answer in answers { actions.append(try dialogue.next(try #require(try reply(answer + "\r\n")))) }
        return actions
    }

    @Test func `a mail is handed over with what the server offers`() throws {
        let actions = try Self.talk(
            "h:465",
            [
                "220 hi", "250-h\r\n250-SIZE 2000\r\n250-SMTPUTF8\r\n250 AUTH LOGIN PLAIN", "235 ok", "250 ok",
                "250 ok", "354 go",
                "250 2.0.0 queued",
            ]
        )
        #expect(
            actions == [
                .send("EHLO [127.0.0.1]"), .send("AUTH PLAIN AHUAcA=="), .send("MAIL FROM:<bot@example.net> SIZE=1000"),
                .send("RCPT TO:<ann@example.org>"), .send("DATA"), .content, .done,
            ]
        )
    }

    @Test func `nothing secret is said before TLS`() throws {
        let hello = "250-h\r\n250-STARTTLS\r\n250 AUTH PLAIN"
        let actions = try Self.talk(
            "h",
            ["220 hi", hello, "220 go", "250-h\r\n250 AUTH=LOGIN", "334 VXNlcm5hbWU6", "334 x", "235 ok"],
            to: nil
        )
        #expect(
            actions == [
                .send("EHLO [127.0.0.1]"), .send("STARTTLS"), .startTLS, .send("AUTH LOGIN"), .send("dQ=="),
                .send("cA=="), .done,
            ]
        )
        let failure = #expect(throws: SMTPFailure.self) { try Self.talk("h", ["220 hi", "250-h\r\n250 AUTH PLAIN"]) }
        #expect(failure?.stage == .startTLS && failure?.code == .notConnected)
    }

    @Test func `addresses beyond ASCII need a server that takes them`() throws {
        let start = ["220 hi", "250-h\r\n250-SMTPUTF8\r\n250 AUTH PLAIN", "235 ok"]
        #expect(
            try Self.talk("h:465", start, to: "jörg@example.org").last == .send("MAIL FROM:<bot@example.net> SMTPUTF8")
        )
        let failure = #expect(throws: SMTPFailure.self) {
            try Self.talk("h:465", ["220 hi", "250-h\r\n250 AUTH PLAIN", "235 ok"], to: "jörg@example.org")
        }
        #expect(failure?.code == .rejected)
    }

    @Test(
        arguments: [
            (["554 no"], .notConnected), (["421 later"], .transient), (["220 hi", "502 no"], .notConnected),
            (["220 hi", "250 h"], .notConnected),
            (["220 hi", "250-h\r\n250 AUTH PLAIN", "535 5.7.8 bad"], .notConnected),
            (["220 hi", "250-h\r\n250 AUTH PLAIN", "454 4.7.0 later"], .transient),
            (["220 hi", "250-h\r\n250-SIZE 999\r\n250 AUTH PLAIN", "235 ok"], .rejected),
            (ok + ["550 5.7.1 not yours"], .rejected),
            (ok + ["250 ok", "550 5.1.1 who"], .rejected), (ok + ["250 ok", "450 4.2.1 later"], .transient),
            (ok + ["250 ok", "250 ok", "354 go", "452 4.3.1 full"], .transient),
            (ok + ["250 ok", "250 ok", "354 go", "552 5.3.4 big"], .rejected),
            (ok + ["250 ok", "421 4.7.28 slow down"], .rateLimited(retryAfter: .seconds(300))),
            (ok + ["451 rate limit exceeded"], .rateLimited(retryAfter: .seconds(300))),
            (ok + ["530 5.7.0 log in"], .notConnected), (ok + ["250 ok", "250 ok", "250 what"], .rejected),
        ] as [([String], ChannelError.Code)]
    )
    func `what the server refuses decides what becomes of the message`(_ answers: [String], _ code: ChannelError.Code) {
        let failure = #expect(throws: SMTPFailure.self) { try Self.talk("h:465", answers) }
        #expect(failure?.code == code)
        #expect(failure?.message.contains("cA==") == false && failure?.message.contains("AHUAcA") == false)
    }

    private static let ok = ["220 hi", "250-h\r\n250 AUTH PLAIN", "235 ok"]

    @Test(arguments: [
        ("250 ok\r\n", 250, ["ok"]), ("250-a\r\n250 b\r\n", 250, ["a", "b"]), ("250\r\n", 250, [""]),
        ("250-a\n250 b\n", 250, ["a", "b"]),
        ("550 5.1.1 no\r\n", 550, ["5.1.1 no"]),
    ])
    func `replies are read`(_ text: String, _ code: Int, _ lines: [String]) throws {
        #expect(try Self.reply(text) == SMTPReply(code: code, lines: lines))
        var reader = SMTPReplyReader()
        for byte in text.utf8.dropLast() {
            reader.feed([byte])
            #expect(try reader.next() == nil)
        }
    }

    @Test(arguments: [
        "abc\r\n", "25\r\n", "250-a\r\n550 b\r\n", "199 x\r\n", "650 x\r\n", "250xok\r\n",
        "HTTP/1.1 400 Bad Request\r\n", String(repeating: "2", count: 5000),
        String(repeating: "250-x\r\n", count: 200),
    ])
    func `what is no reply is refused`(_ text: String) {
        let error = #expect(throws: MailError.self) { try Self.reply(text) }
        #expect(error?.code == .malformed)
    }

    @Test(
        arguments: [
            ("550 5.1.1 x", SMTPReply.Enhanced(kind: 5, subject: 1, detail: 1)), ("550 4.1.1 x", nil),
            ("550 5.1 x", nil), ("550 5.1.1.1", nil),
            ("550 5.7.1234 x", nil),
        ] as [(String, SMTPReply.Enhanced?)]
    )
    func `the enhanced status is read`(_ text: String, _ status: SMTPReply.Enhanced?) throws {
        #expect(try Self.reply(text + "\r\n")?.enhanced == status)
    }

    @Test(
        arguments: [
            ("imap.example.org", .imap, "imap.example.org", 993, .tls), ("H:143", .imap, "h", 143, .starttls),
            ("h:1430", .imap, "h", 1430, .tls),
            ("h/starttls", .imap, "h", 143, .starttls), ("h:587", .smtp, "h", 587, .starttls),
            ("h", .smtp, "h", 587, .starttls), ("h/tls", .smtp, "h", 465, .tls),
            ("h:465", .smtp, "h", 465, .tls), ("127.0.0.1:25000/plain", .smtp, "127.0.0.1", 25000, .plain),
            ("[::1]:143/plain", .imap, "::1", 143, .plain),
            ("[2001:db8::1]", .imap, "2001:db8::1", 993, .tls), ("localhost/plain", .imap, "localhost", 143, .plain),
        ] as [(String, MailServer.Kind, String, Int, MailServer.Security)]
    )
    func `servers are read`(
        _ text: String,
        _ kind: MailServer.Kind,
        _ host: String,
        _ port: Int,
        _ security: MailServer.Security
    ) throws {
        let server = try MailServer(text, kind)
        #expect(server.host == host && server.port == port && server.security == security)
    }

    @Test(arguments: [
        "", "h:0", "h:99999", "h/ssl", "h/tls/x", "imaps://h", "a b", "h/plain", "192.168.1.1/plain", "u@h", "h?x",
        "localhost.evil.example/plain",
    ])
    func `what is no server, or no safe one, is refused`(_ text: String) {
        #expect(throws: MailError.self) { try MailServer(text, .imap) }
    }
}
