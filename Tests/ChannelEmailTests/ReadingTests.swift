import ChannelKit
import Core
import Testing

@testable import ChannelEmail

@Suite struct ReadingTests {
    private static let now = Timestamp(milliseconds: 1_795_888_800_000)

    private static func reading(_ more: [String: String] = [:]) throws -> MailReading {
        let given = ["address": "bot@example.net", "password": "secret", "imap": "h", "smtp": "h", "authserv-id": "mx"]
        let settings = try EmailSettings(values(given.merging(more) { $1 }))
        return MailReading(settings: settings, ids: OwnMessageIDs(settings.address))
    }

    private static func event(
        _ fields: String,
        _ text: String,
        results: String = "Authentication-Results: mx; dkim=pass header.d=example.org"
    ) throws -> InboundEvent {
        let block = header(results + "\nMessage-ID: <a@x>\n" + fields)
        let reading = try reading()
        let head = try reading.head(block, arrivedAt: now)
        return reading.event(head, block, text: text, files: [], notes: [], root: "a@x", arrivedAt: now)
    }

    private static let usual = "From: Ann <ann@example.org>\nDate: Sat, 28 Nov 2026 17:59:00 +0000"

    @Test(arguments: [
        ("Subject: Plans", "hello\nyou", "Subject: Plans\n\nhello\nyou"), ("Subject: ABCD-EFGH", "", "ABCD-EFGH"),
        ("Subject: Plans", "ABCD-EFGH", "ABCD-EFGH"), ("Subject: Plans", "1 K7", "1 K7"),
        ("X-Nothing: x", "hello you", "hello you"), ("Subject: Re: Plans\nIn-Reply-To: <b@x>", "yes\n\n> no?", "yes"),
        ("In-Reply-To: <b@x>", "1 K7\n-- \nAnn", "1 K7"),
        ("Subject: BCDF-GHJK", "Sent from my iPhone", "BCDF-GHJK"), ("Subject: bcdfghjk", "-- \nAnn", "bcdfghjk"),
        ("Subject: Hello", "BCDF-GHJK\n-- \nAnn\nBoss", "BCDF-GHJK"),
        ("Subject: Hello", "\nBCDF-GHJK\nSent from my iPhone", "BCDF-GHJK"),
        ("Subject: Hello", "BCDF-GHJK\n\nAnn Smith\nBoss", "BCDF-GHJK"),
        ("Subject: Hello", "BCDF-GHJK is mine", "Subject: Hello\n\nBCDF-GHJK is mine"),
        ("Subject: ABCD-EFGH", "Sent from my iPhone", "Subject: ABCD-EFGH\n\nSent from my iPhone"),
    ])
    func `the agent reads the subject where it is news, and a code stays alone`(
        _ fields: String,
        _ text: String,
        _ read: String
    ) throws {
        let event = try Self.event(Self.usual + "\n" + fields, text)
        #expect(event.content.text == read && event.senderNativeID == "ann@example.org" && event.requiresCode)
    }

    @Test(arguments: [
        "From: ann@example.org", "From: ann@example.org\nDate: Sat, 14 Nov 2026 17:59:00 +0000",
        "From: ann@example.org\nDate: soon", "From: ann@example.org\nDate: Mon, 28 Dec 2026 17:59:00 +0000",
        usual + "\nDate: Sat, 14 Nov 2026 17:59:00 +0000",
        "From: ann@example.org, bob@example.org\nDate: Sat, 28 Nov 2026 17:59:00 +0000",
    ])
    func `a mail that may be an old one sent again names nobody`(_ fields: String) throws {
        let event = try Self.event(fields, "1 K7")
        #expect(event.senderNativeID == nil && CardReply(event.content.text) == nil)
    }

    @Test(arguments: [
        "", "Authentication-Results: mx; dkim=fail header.d=example.org",
        "Authentication-Results: mx; dmarc=pass header.from=example.org",
        "Authentication-Results: mx; dkim=pass header.d=evil.example",
        "Authentication-Results: evil.example; dkim=pass header.d=example.org",
        "Authentication-Results: mx; dkim=fail\nAuthentication-Results: mx; dkim=pass header.d=example.org",
    ])
    func `the right code in a mail that anybody could have written decides nothing`(_ results: String) throws {
        for code in ["1 K7", "BCDF-GHJK"] {
            let event = try Self.event(Self.usual + "\nSubject: \(code)", code, results: results)
            #expect(event.senderNativeID == nil && event.requiresCode && event.metadata?["unverified"] != nil)
            // Neither an answer to a card nor a code that pairs: each is the whole text.
            #expect(event.content.text.hasPrefix("[Not verified") && CardReply(event.content.text) == nil)
        }
    }

    @Test func `a list is a chat of its own, also where its address is a person's`() throws {
        let owner = try #require(MailAddress("owner@example.org"))
        let fields = "\nTo: owner@example.org\nList-Id: <x>\nList-Post: <mailto:owner@example.org>"
        let event = try Self.event(Self.usual + fields, "hello all")
        #expect(event.isGroup && event.address.platformID == "email:bot@example.net:list%3Aowner@example.org")
        let settings = try Self.reading().settings
        #expect(settings.peer(of: event.address) == MailPeer(owner, isList: true))
        #expect(settings.peer(of: settings.chat(MailPeer(owner))) == MailPeer(owner))
    }

    @Test func `of a long text the beginning stands in the message, and a quote does not count`() throws {
        let text = String(repeating: "é", count: 40_000)
        let read = try Self.event(Self.usual, text).content.text
        #expect(read.utf8.count < 66_000 && read.hasSuffix("all of it is in text.txt]"))
        let answer = try Self.event(Self.usual + "\nIn-Reply-To: <b@x>", "yes\n\n> \(text)").content.text
        #expect(answer == "yes")
    }

    @Test func `a name and a subject are short in bytes, whatever their characters`() throws {
        let long = "e" + String(repeating: "\u{301}", count: 10_000)
        let fields = "From: \(long) <ann@example.org>\nDate: Sat, 28 Nov 2026 17:59:00 +0000\nSubject: \(long)"
        let event = try Self.event(fields, "hello you")
        #expect((100..<500).contains(event.senderName?.utf8.count ?? 0) && event.content.text.utf8.count < 2_000)
    }

    @Test func `a name that looks like an address is not shown`() throws {
        let fields = "From: \"owner@example.com\" <ann@example.org>\nDate: Sat, 28 Nov 2026 17:59:00 +0000"
        let event = try Self.event(fields, "x")
        #expect(event.senderName == "ann@example.org" && event.senderHandle == "ann@example.org")
    }

    @Test(arguments: [
        ("Ann@example.org", true), ("bob@example.com, *@Example.ORG", true), ("bob@example.org", false),
        ("*@example.com", false), ("*@org", false), ("*@mail.example.org", false),
    ])
    func `with a list of senders nobody else is heard, and nobody whose address is not proved`(
        _ senders: String,
        _ isHeard: Bool
    ) throws {
        let reading = try Self.reading(["senders": senders])
        let proved = header("Authentication-Results: mx; dkim=pass header.d=example.org\n" + Self.usual)
        let claimed = header("Authentication-Results: mx; dkim=fail\n" + Self.usual)
        if isHeard {
            #expect(try reading.head(proved, arrivedAt: Self.now).trust == .verified)
        } else {
            #expect(throws: MailReading.Refusal.self) { try reading.head(proved, arrivedAt: Self.now) }
        }
        #expect(throws: MailReading.Refusal.self) { try reading.head(claimed, arrivedAt: Self.now) }
        let error = #expect(throws: ChannelSetupError.self) {
            try Self.reading(["senders": senders, "authserv-id": "none"])
        }
        #expect(error?.message.contains("authserv-id") == true)
    }

    @Test(arguments: ["X-Nothing: x", "From: nobody", "From: a@b.c\nFrom: d@e.f", "From: <>"])
    func `a mail from nobody is for nobody`(_ fields: String) throws {
        let reading = try Self.reading()
        #expect(throws: MailReading.Refusal.self) { try reading.head(header(fields), arrivedAt: Self.now) }
    }

    @Test func `secrets are in no description`() throws {
        let settings = try Self.reading().settings
        let client = SMTPClient(server: settings.smtp, user: "u", password: "secret", tls: nil)
        let dialogue = SMTPDialogue(settings.smtp, user: "u", password: "secret", nil)
        for value in [settings, client, dialogue] as [Any] {
            var text = ""
            dump(value, to: &text)
            #expect(!"\(value) \(String(reflecting: value)) \(text)".contains("secret"))
        }
    }
}
