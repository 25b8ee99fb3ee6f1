import Core
import Testing

@testable import ChannelEmail

@Suite struct MimeTests {
    @Test(
        arguments: [
            ("caf\u{E9}", [0x63, 0x61, 0x66, 0xE9], "iso-8859-1"), ("\u{20AC}", [0xA4], "ISO-8859-15"),
            ("\u{20AC}\u{201C}", [0x80, 0x93], "windows-1252"), ("\u{20AC}", [0x80], "latin1"),
            ("é", [0xC3, 0xA9], "utf-8"),
            ("é", [0xC3, 0xA9], nil), ("é", [0xE9], nil), ("é", [0xC3, 0xA9], "x-unknown"),
            ("\u{FFFD}", [0xE9], "utf-8"),
            ("Ж", [0xC6], "windows-1251"), ("Ж", [0xF6], "KOI8-R"), ("ł", [0xB3], "iso-8859-2"),
            ("é", [0xE9, 0], "utf-16le"),
            ("é", [0xFE, 0xFF, 0, 0xE9], "utf-16"), ("é", [0xC3, 0xA9], "us-ascii"), ("", [], "utf-16"),
        ] as [(String, [UInt8], String?)]
    )
    func `bytes are read in their charset`(_ text: String, _ bytes: [UInt8], _ name: String?) {
        #expect(Charset.text(bytes, name) == text)
    }

    @Test(arguments: [
        ("=?utf-8?B?w6k=?=", "é"), ("=?ISO-8859-1?Q?caf=E9_x?=", "café x"), ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"), ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        ("=?utf-8*en?Q?x?=", "x"), ("=?utf-8?X?x?=", "=?utf-8?X?x?="), ("=?utf-8?Q?x", "=?utf-8?Q?x"),
        ("=?=?utf-8?Q?x?=", "=?x"), ("plain", "plain"), ("=?utf-8?Q?a b?=", "=?utf-8?Q?a b?="),
        ("=?iso-8859-15?Q?=A4?= x", "€ x"), ("=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b"),
    ])
    func `encoded words are read`(_ field: String, _ text: String) { #expect(EncodedWord.decode(field) == text) }

    @Test(arguments: [
        "plain", "Grüße aus München, mit einem sehr langen Betreff, der über mehrere Wörter geht und geht", "日本語 🙂🙂🙂",
        "=?utf-8?Q?x?=", "a\u{301}",
    ])
    func `what is encoded reads back, in words that are short enough`(_ text: String) {
        let field = EncodedWord.encode(text)
        #expect(EncodedWord.decode(field) == text)
        #expect(field.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(field.split(separator: " ").filter { $0.hasPrefix("=?") }.allSatisfy { $0.utf8.count <= 75 })
    }

    @Test func `hostile encoded words take no long time`() {
        let text = String(repeating: "=?utf-8?Q?", count: 30_000)
        #expect(EncodedWord.decode(text).utf8.count < 20_000)
    }

    @Test(arguments: [
        ("aGk=", "hi"), ("aGk", "hi"), ("a G\r\nk=", "hi"), ("aGkh", "hi!"), ("aGk=aGk=", "hi"), ("", ""), ("!!!", ""),
        ("aGVsbG8gd29ybGQ=", "hello world"),
    ])
    func `base64 is read leniently, in any pieces`(_ text: String, _ decoded: String) {
        for size in 1...3 { #expect(Self.decoded(text, "base64", size) == decoded) }
    }

    @Test(arguments: [
        ("a=3Db", "a=b"), ("a=\r\nb", "ab"), ("a= \t\r\nb", "ab"), ("a=\nb", "ab"), ("a \r\nb", "a\r\nb"),
        ("a b", "a b"),
        ("a=zz", "a=zz"), ("a=3", "a=3"), ("=C3=a9", "é"), ("a=", "a"), ("a=\rb", "a=\rb"), ("a=3\r\n", "a=3\r\n"),
        ("a \tb", "a \tb"),
        ("==3D", "=="), ("= =3D", "= ="),
    ])
    func `quoted-printable is read leniently, in any pieces`(_ text: String, _ decoded: String) {
        for size in 1...4 { #expect(Self.decoded(text, "quoted-printable", size) == decoded, "\(size)") }
    }

    private static func decoded(_ text: String, _ name: String, _ size: Int) -> String {
        var decoder = TransferDecoder(name)
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        for start in stride(from: 0, to: source.count, by: size) {
            bytes += decoder.decode(source[start..<min(start + size, source.count)])
        }
        bytes += decoder.finish()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        "plain\n", "Grüße\n.\n..x\nFrom me\n", String(repeating: "é", count: 200) + "\n", "a \nb\t\nc  \n", "=3D\n",
        String(repeating: "x", count: 500) + "\n" + String(repeating: "F", count: 100) + "\n", "\n\n", "\u{0}\u{7F}\n",
        String(repeating: ".", count: 300) + "\n",
    ])
    func `what is written as quoted-printable reads back and has no line that a server changes`(_ text: String) {
        let bytes = QuotedPrintable.encode(text)
        let written = String(decoding: bytes, as: UTF8.self)
        for line in written.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            #expect(line.last == "\r" && line.count <= 77 && line.first != "." && !String(line).hasPrefix("From "))
        }
        #expect(Self.decoded(written, "quoted-printable", 7).replacing("\r\n", with: "\n") == text)
    }

    @Test func `base64 lines have the length that is told before`() {
        for count in [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 5000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let lines = Base64Lines.encode(bytes)
            #expect(lines.count == Base64Lines.size(of: count))
            #expect(Base64Decoder.all(lines) == bytes)
        }
    }

    @Test(arguments: [
        ("text/plain; charset=utf-8", "text/plain", ["charset": "utf-8"]),
        ("Text/Plain ; Charset=\"UTF-8\" (a comment)", "text/plain", ["charset": "UTF-8"]),
        ("attachment; filename=\"a;b\\\"c.txt\"", "attachment", ["filename": "a;b\"c.txt"]),
        ("attachment; filename*=UTF-8''%e2%82%ac%20x.txt", "attachment", ["filename": "€ x.txt"]),
        ("attachment; filename*0=\"long\"; filename*1=\"name\"", "attachment", ["filename": "longname"]),
        (
            "attachment; filename*1=name; filename*0*=iso-8859-1'de'%FCber; filename=x", "attachment",
            ["filename": "übername"]
        ),
        ("attachment; filename=\"=?utf-8?B?w6k=?=.txt\"", "attachment", ["filename": "é.txt"]),
        ("attachment; filename=a b.txt", "attachment", ["filename": "a b.txt"]), ("", "", [:]), (";;;", "", [:]),
        ("a; =b; c; d=", "a", ["d": ""]), ("a; b=\"unclosed", "a", ["b": ""]),
    ])
    func `parameters are read`(_ field: String, _ value: String, _ parameters: [String: String]) {
        let read = ParameterField(field)
        #expect(read.value == value && read.parameters == parameters)
    }

    @Test(
        arguments: [
            ("ann@example.org", [(nil, "ann@example.org")]), ("Ann <Ann@Example.ORG>", [("Ann", "ann@example.org")]),
            ("\"Doe, Ann\" <a@b.c>, bob@x.y", [("Doe, Ann", "a@b.c"), (nil, "bob@x.y")]),
            ("=?utf-8?Q?J=C3=B6rg?= <j@b.c>", [("Jörg", "j@b.c")]), ("a@b.c (Ann)", [(nil, "a@b.c")]),
            ("team: a@b.c, Bob <d@e.f>;", [(nil, "a@b.c"), ("Bob", "d@e.f")]), ("<a@b.c>", [(nil, "a@b.c")]),
            ("\"a\\\"b\" <a@b.c>", [("a\"b", "a@b.c")]), ("a@bücher.example", [(nil, "a@bücher.example")]),
            (",,a@b.c,", [(nil, "a@b.c")]),
        ] as [(String, [(String?, String)])]
    )
    func `addresses are read`(_ field: String, _ found: [(String?, String)]) {
        let list = Mailbox.list(field)
        #expect(list?.map(\.name) == found.map(\.0))
        #expect(list?.map(\.address.description) == found.map(\.1))
    }

    @Test(arguments: [
        "ann", "ann@", "@b.c", "a@b@c", "a b@c.d", "<a@b.c", "Ann <a@b.c> x", "\"a b\"@c.d", "a@[1.2.3.4]", "a@-b.c",
        "a@b..c",
        "a..b@c.d", "owner@example.org <evil@b.c>, ", "\"unclosed <a@b.c>", "a@b.c <d@e.f> <g@h.i>", "<@r:a@b.c>",
        "a\u{202E}b@c.d",
        String(repeating: "a", count: 65) + "@b.c",
    ])
    func `a field with anything that is no address is read as none, or for the address behind the name`(_ field: String)
    {
        let list = Mailbox.list(field)
        #expect(list == nil || field.contains("<evil@b.c>") && list?.map(\.address.description) == ["evil@b.c"])
    }

    @Test(arguments: [
        ("Ann", "Ann <a@b.c>"), ("Doe, \"A\"", "\"Doe, \\\"A\\\"\" <a@b.c>"), ("Jörg", "=?UTF-8?B?SsO2cmc=?= <a@b.c>"),
        ("x\r\nBcc: y@z.w", "\"x Bcc: y@z.w\" <a@b.c>"), ("", "a@b.c"),
    ])
    func `a name is written so that it stays a name`(_ name: String, _ field: String) throws {
        let address = try #require(MailAddress("a@b.c"))
        #expect(Mailbox(name: name, address: address).field == field)
    }

    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (1_795_888_800_000, "Sat, 28 Nov 2026 18:00:00 +0000"),
            (951_782_399_000, "Mon, 28 Feb 2000 23:59:59 +0000"), (951_868_799_000, "Tue, 29 Feb 2000 23:59:59 +0000"),
        ] as [(Int64, String)]
    )
    func `dates are written`(_ time: Int64, _ text: String) {
        #expect(MailDate.field(Timestamp(milliseconds: time)) == text)
    }

    @Test(
        arguments: [
            ("Sat, 28 Nov 2026 18:00:00 +0000", 1_795_888_800_000),
            ("28 Nov 2026 19:00 +0100 (CET)", 1_795_888_800_000),
            ("Sat, 28 Nov 2026 18:00:00 GMT", 1_795_888_800_000), ("Sat, 28 Nov 2026 18:00:00 EST", nil), ("", nil),
            (",", nil), ("Sat, 28 Nov 2026", nil), ("Sat,, 28 Nov 2026 18:00:00 +0000", nil),
        ] as [(String, Int64?)]
    )
    func `dates of mails are read`(_ text: String, _ time: Int64?) {
        #expect(MailDate.read(text)?.milliseconds == time)
    }

    @Test(
        arguments: [
            ("28-Nov-2026 18:00:00 +0000", 1_795_888_800_000), (" 1-Jan-1970 01:00:00 +0100", 0),
            ("31-Dec-1999 19:00:00 -0500", 946_684_800_000), ("28-Nov-2026", nil), ("28-Foo-2026 18:00:00 +0000", nil),
            ("28-Nov-2026 18:00:00 0000", nil), ("99-Nov-2026 18:00:00 +0000", nil),
            ("28-Nov-2026 18:00:00 +9900", nil),
        ] as [(String, Int64?)]
    )
    func `dates of IMAP are read`(_ text: String, _ time: Int64?) {
        #expect(MailDate.internalDate(text)?.milliseconds == time)
    }
}
