import Core
import Testing

@testable import ChannelEmail

@Suite struct ParserTests {
    /// What a mail holds: for each part its type, its name and its text.
    private static func parts(_ mail: String, piece: Int = 1 << 20) -> [(type: String, name: String?, text: String)] {
        var parser = MailParser()
        var events: [MailParser.Event] = []
        let bytes = Array(mail.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            events += parser.feed(Array(bytes[start..<min(start + piece, bytes.count)]))
        }
        events += parser.finish()
        var parts: [(type: String, name: String?, text: String)] = []
        var bytesOfPart: [UInt8] = []
        var part: MailPart?
        for event in events {
            switch event {
            case .header: continue
            case .begin(let next): (part, bytesOfPart) = (next, [])
            case .data(let bytes): bytesOfPart += bytes
            case .end:
                guard let part else { continue }
                parts.append((part.type, part.fileName, String(decoding: bytesOfPart, as: UTF8.self)))
            }
        }
        return parts
    }

    private static let mixed = """
        From: a@b.c
        Content-Type: multipart/mixed; boundary="outer"

        a preamble
        --outer
        Content-Type: multipart/alternative; boundary=inner

        --inner
        Content-Type: text/plain

        hello
        --inner
        Content-Type: text/html

        <p>hello</p>
        --inner--
        an epilogue
        --outer
        Content-Type: image/png; name=x.png
        Content-Transfer-Encoding: base64

        aGk=
        --outer--
        the end
        """

    @Test(arguments: [1, 2, 3, 7, 64, 100_000])
    func `parts are found however the bytes come`(_ piece: Int) {
        for mail in [Self.mixed, Self.mixed.replacing("\n", with: "\r\n")] {
            let parts = Self.parts(mail, piece: piece)
            #expect(parts.map(\.type) == ["text/plain", "text/html", "image/png"])
            #expect(parts.map(\.text) == ["hello", "<p>hello</p>", "hi"])
            #expect(parts.map(\.name) == [nil, nil, "x.png"])
        }
    }

    @Test func `alternatives are known as such, whatever is around them`() {
        var parser = MailParser()
        let mail = """
            Content-Type: multipart/alternative; boundary=a

            --a

            plain
            --a
            Content-Type: multipart/related; boundary=r

            --r
            Content-Type: text/html

            <p>
            --r--
            --a--
            """
        let events = parser.feed(Array(mail.utf8)) + parser.finish()
        let alternatives = events.compactMap { event -> Int?? in
            if case .begin(let part) = event { .some(part.alternative) } else { nil }
        }
        #expect(alternatives == [1, 1])
    }

    @Test(arguments: [
        ("", [""]), ("no header at all", [""]), ("\n\nbody", ["\nbody"]), ("A: b\n\nbody\n", ["body"]), ("A: b", [""]),
        ("Content-Type: multipart/mixed\n\nbody", ["body"]),
        ("Content-Type: multipart/mixed; boundary=\"\"\n\nbody", ["body"]),
        ("Content-Type: multipart/mixed; boundary=x\n\nnever", []),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na", ["a"]),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\nA: b\n--x--\n", [""]),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--xy\n--x \t\n\nb\n--x-- \n", ["a\n--xy", "b"]),
    ])
    func `what follows no rule is read as well as may be`(_ mail: String, _ texts: [String]) {
        #expect(Self.parts(mail).map(\.text) == texts)
    }

    @Test func `multiparts in one another end at a depth`() {
        var mail = ""
        for depth in 0..<5_000 { mail += "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n" }
        mail += "\ndeep"
        #expect(Self.parts(mail).isEmpty)
        mail = ""
        for depth in 0..<MailParser.Limit.depth {
            mail += "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n"
        }
        #expect(Self.parts(mail + "\nas deep as may be").map(\.text) == ["as deep as may be"])
    }

    @Test func `parts end at a number`() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 10_000)
        #expect(Self.parts(mail).count == MailParser.Limit.parts)
    }

    @Test func `a header that is too long is cut, and the body is still read`() {
        let mail = String(repeating: "X-A: " + String(repeating: "b", count: 995) + "\n", count: 2_000) + "\nbody"
        #expect(Self.parts(mail).map(\.text) == ["body"])
        let line = "X-A: " + String(repeating: "b", count: 3 << 20) + "\nSubject: x\n\nbody"
        #expect(Self.parts(line).map(\.text) == ["body"])
    }

    @Test func `a media type that is too long is none`() {
        let mail = "Content-Type: a/\(String(repeating: "b", count: 300))\n\nbody"
        #expect(Self.parts(mail).map(\.type) == ["application/octet-stream"])
    }

    @Test func `a body of short lines makes few events`() {
        var parser = MailParser()
        let events = parser.feed(Array(("A: b\n\n" + String(repeating: "\n", count: 200_000)).utf8))
        #expect(events.count == 3)
    }

    @Test func `a boundary inside a long line is none`() {
        let long = String(repeating: "x", count: MailParser.Limit.line)
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\(long)--b--\nafter\n--b--\n"
        #expect(Self.parts(mail).map(\.text) == ["\(long)--b--\nafter"])
    }

    @Test func `fields are unfolded and control characters are dropped`() {
        let lines = ["Subject: a", "\tb", " c", "bad line", "X y: z", "From: q\u{7}r", ": empty"].map { Array($0.utf8) }
        let header = HeaderBlock(lines: lines)
        #expect(header["subject"] == "a b c" && header["from"] == "qr" && header["x y"] == nil)
    }
}
