import TestSupport
import Testing

@testable import ChannelEmail

/// No input ends the process or makes a parser keep more than its bounds.
@Suite struct MutationTests {
    private static let rounds = 3_000
    private static let marks = Array("\r\n\n =?*;:,<>()[]{}\"\\-+&#/.@%'0F\u{0}é".utf8)

    private static let mail = [
        "From: \"A, B\" <a@b.c>", "Date: Sat, 28 Nov 2026 17:59:00 +0000",
        "Subject: =?utf-8?Q?a=20b?= =?utf-8?B?w6k=?=",
        "Content-Type: multipart/mixed;", " boundary=\"x\"", "", "--x",
        "Content-Type: text/plain; format=flowed; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable", "", "a=3Db=", " c ", "--x",
        "Content-Disposition: attachment; filename*0*=utf-8''a%20; filename*1=b", "Content-Transfer-Encoding: base64",
        "",
        "aGk=", "--x--", "",
    ].joined(separator: "\r\n")

    /// The seed with some bytes changed, doubled, left out or cut off.
    private static func mutated(_ seed: String, _ numbers: inout Seeded) -> [UInt8] {
        var bytes = Array(seed.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &numbers) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: bytes[index] = marks.randomElement(using: &numbers) ?? 0
            case 1: bytes.insert(marks.randomElement(using: &numbers) ?? 0, at: index)
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(contentsOf: Array(bytes[index...].prefix(20)), at: index)
            default: bytes.removeSubrange(index..<min(index + 10, bytes.count))
            }
        }
        return bytes
    }

    private static func text(_ seed: String, _ numbers: inout Seeded) -> String {
        String(decoding: mutated(seed, &numbers), as: UTF8.self)
    }

    @Test func `mails`() {
        var numbers = Seeded(state: 1)
        for _ in 0..<Self.rounds {
            let bytes = Self.mutated(Self.mail, &numbers)
            var parser = MailParser()
            var size = 0
            for event in parser.feed(bytes) + parser.finish() {
                switch event {
                case .header(let header):
                    for name in ["from", "subject", "date"] { _ = header[name].map { Mailbox.list($0) == nil } }
                    _ = header.text("subject")
                    _ = header["date"].flatMap(MailDate.read)
                case .data(let data): size += data.count
                case .begin, .end: continue
                }
            }
            #expect(size <= bytes.count)
        }
    }

    @Test func `IMAP`() {
        let seed =
            "* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \"28-Nov-2026 18:00:00 +0000\" BODY[]<0> {3}\r\nabc)\r\n"
            + "n1 OK [UIDVALIDITY 3] done\r\n* SEARCH 1 2 3\r\n"
        var numbers = Seeded(state: 2)
        for _ in 0..<Self.rounds {
            var reader = IMAPLineReader()
            reader.feed(Self.mutated(seed, &numbers))
            var count = 0
            while let pieces = try? reader.next() {
                _ = IMAPResponse(pieces)
                count += 1
            }
            #expect(count < 100)
        }
    }

    @Test func `SMTP`() {
        var numbers = Seeded(state: 3)
        for _ in 0..<Self.rounds {
            var reader = SMTPReplyReader()
            let seed = "250-mx\r\n250-SIZE 100\r\n250 AUTH PLAIN\r\n550 5.1.1 no\r\n"
            reader.feed(Self.mutated(seed, &numbers))
            var count = 0
            while let reply = try? reader.next() {
                _ = SMTPDialogue.Extensions(reply.lines)
                count += 1
            }
            #expect(count < 100)
        }
    }

    @Test func `what people and servers write`() {
        var numbers = Seeded(state: 4)
        let results = "mx 1; dkim=pass (ok) header.d=x.y header.b=\"a;b\"; dmarc=pass header.from=x.y; spf=none"
        let html =
            "<p>a &amp; <a href=\"https://x.y\">b</a><!-- c --><style>d</style><blockquote>e<br></blockquote><li>f"
        let quote = "yes\n\nOn 28 Nov 2026, Bot wrote:\n> no\n-- \nAnn\n-----Original Message-----\nFrom: a\nTo: c"
        for _ in 0..<Self.rounds {
            let field = Self.text(results, &numbers)
            #expect((AuthenticationResults(field)?.results.count ?? 0) <= 50)
            #expect(ParameterField(field).parameters.count <= 64)
            #expect(HTMLText.text(Self.text(html, &numbers)).utf8.count < 2_000)
            #expect(QuoteTrimmer.trimmed(Self.text(quote, &numbers)).utf8.count < 2_000)
            #expect(FlowedText.unwrapped(Self.text(quote, &numbers), dropsSpaces: true).utf8.count < 2_000)
        }
    }
}
