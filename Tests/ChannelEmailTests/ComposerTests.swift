import ChannelKit
import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import ChannelEmail

@Suite struct ComposerTests {
    private static func mail(_ change: (inout OutgoingMail) -> Void = { _ in }) throws -> OutgoingMail {
        var mail = OutgoingMail(
            from: Mailbox(name: "NanoClaw", address: try #require(MailAddress("bot@example.net"))),
            to: try #require(MailAddress("ann@example.org")),
            subject: "Re: Plans",
            id: "m_1-0.x@example.net",
            inReplyTo: "a@x",
            references: ["r@x", "a@x"],
            date: Timestamp(milliseconds: 0),
            plain: "hello\n.\nGrüße",
            html: "<p>hello</p>",
            files: []
        )
        change(&mail)
        return mail
    }

    private static func text(_ composer: MailComposer) throws -> String {
        var bytes: [UInt8] = []
        for piece in composer.pieces {
            switch piece {
            case .bytes(let more): bytes += more
            case .file(let descriptor, let size): bytes += Base64Lines.encode(try descriptor.read(size, from: 0))
            }
        }
        #expect(bytes.count == composer.size)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a mail reads back as what it was made of`() throws {
        let text = try Self.text(MailComposer(try Self.mail()))
        var parser = MailParser()
        let events = parser.feed(Array(text.utf8)) + parser.finish()
        guard case .header(let header)? = events.first else {
            Issue.record("no header")
            return
        }
        #expect(header["subject"] == "Re: Plans" && header["message-id"] == "<m_1-0.x@example.net>")
        #expect(header["in-reply-to"] == "<a@x>" && header["references"] == "<r@x> <a@x>")
        #expect(header["auto-submitted"] == "auto-replied" && header["x-loop"] == "bot@example.net")
        let data = events.compactMap { event -> String? in
            if case .data(let bytes) = event { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
        #expect(data.first == "hello\r\n.\r\nGrüße" && data.last?.contains("<p>hello</p>") == true)
    }

    @Test(arguments: [
        "x\r\nBcc: evil@x.y", "x\n\nbody", "x\rBcc: a", "\u{2028}x", "Grüße\r\nBcc: evil@x.y", "x\u{0}y",
        String(repeating: "a b ", count: 400),
    ])
    func `no text becomes a field`(_ evil: String) throws {
        let text = try Self.text(
            MailComposer(
                try Self.mail { mail in
                    mail.subject = evil
                    mail.from.name = evil
                    mail.inReplyTo = evil
                    mail.references = [evil, "b@x"]
                    mail.id = "x\r\nBcc: evil@x.y"
                }
            )
        )
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        let head = text[..<end.lowerBound]
        let names = head.unicodeScalars.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(" ") }.map {
            $0.prefix { $0 != ":" }
        }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted",
                "X-Auto-Response-Suppress", "X-Loop", "MIME-Version",
                "Content-Type",
            ] || names.contains("In-Reply-To")
        )
        #expect(!names.contains("Bcc") && !text.unicodeScalars.contains("\u{0}"))
        #expect(head.unicodeScalars.split(separator: "\n").allSatisfy { $0.count < 998 })
    }

    @Test func `files are attached under their names`() async throws {
        try await withTemporaryDirectory { folder in
            let file = Descriptor(owning: open("\(folder)/f", O_RDWR | O_CREAT, 0o600))
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try file.write(bytes)
            let names = ["plain.txt", "Grüße \"x\".pdf", "a\r\nb: c.png"]
            let files = names.map { OutboundFile(name: $0, descriptor: file, size: bytes.count) }
            let text = try Self.text(MailComposer(try Self.mail { $0.files = files }))
            var parser = MailParser()
            var found: [(String?, String)] = []
            var data: [UInt8] = []
            for event in parser.feed(Array(text.utf8)) + parser.finish() {
                switch event {
                case .begin(let part):
                    found.append((part.fileName, part.type))
                    data = []
                case .data(let more): data += more
                case .end: if found.last?.0 != nil { #expect(data == bytes) }
                case .header: continue
                }
            }
            #expect(found.map(\.0) == [nil, nil, "plain.txt", "Grüße \"x\".pdf", "a b: c.png"])
            #expect(found.map(\.1) == ["text/plain", "text/html", "text/plain", "application/pdf", "image/png"])
        }
    }

    @Test func `a message becomes one mail as long as its files fit, and the same ones whenever it is split`() throws {
        let file = Descriptor(owning: dup(0))
        let files = [600, 500, 900].map { OutboundFile(name: "\($0)", descriptor: file, size: $0) }
        let message = OutboundMessage(
            idempotencyKey: "k",
            address: ChatAddress(channel: "email", platformID: "x"),
            body: .text("hi", files: files),
            agentName: "A",
            turn: .random()
        )
        let parts = OutgoingParts(message, for: EmailAdapter.abilities)
        let bundles = MailBundle.bundles(parts, largest: 1000)
        #expect(bundles.map(\.key) == ["k-0", "k-2", "k-3"] && bundles.map(\.files.count) == [1, 1, 1])
        #expect(bundles.map(\.markdown) == ["hi", "", ""])
        #expect(MailBundle.bundles(parts, largest: 5000).map(\.files.count) == [3])
    }

    @Test(arguments: [
        ("Subject: Plans\n\nhello", "Plans", "hello"), ("# Hello **you**\nx", "Hello you", "# Hello **you**\nx"),
        ("", "Message from A", ""),
        (
            String(repeating: "x", count: 100), String(repeating: "x", count: 69) + "…",
            String(repeating: "x", count: 100)
        ), ("Subject:\nx", "Subject:", "Subject:\nx"),
    ])
    func `a mail that begins a conversation has a subject`(_ markdown: String, _ subject: String, _ text: String) {
        let opening = MailBundle(key: "k", markdown: markdown).opening(of: "A")
        #expect(opening.subject == subject && opening.markdown == text)
    }
}
