import ChannelKit
import Core
import Glibc
import JudgeSupport
import LinuxIO
import TestSupport
import Testing

@testable import ChannelEmail

/// Mails that go out, over a real submission server.
@Suite(.enabled(if: Judge.isOn), .timeLimit(.minutes(5))) struct OutboundServerTests {
    private static let chat = EmailSettings.chatOfTest("alice@example.net")

    @Test func `a message is one mail of text, HTML and files`() async throws {
        try await withPost { post in
            let file = Descriptor(owning: open("\(post.folder)/f", O_RDWR | O_CREAT, 0o600))
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try file.write(bytes)
            let files = [OutboundFile(name: "Grüße.bin", descriptor: file, size: bytes.count)]
            let text = "Subject: Über Pläne\n\n" + String(repeating: "wörd ", count: 2_000) + "\n\n.\n\nFrom here on"
            let sent = try await post.adapter().deliver(message(text, to: Self.chat, files: files))
            #expect(sent.parts == 1)
            let mail = try #require(try await post.submitted().first)
            #expect(mail[key: "subject"] == "Über Pläne" && mail[key: "defects"] == [])
            #expect(mail[key: "message_id"]?.string == sent.platformMessageID.map { "<\($0)>" })
            #expect(
                mail[key: "text"]?.string?.contains("wörd wörd") == true
                    && mail[key: "html"]?.string?.contains("wörd") == true
            )
            #expect(mail[key: "files"]?.array?.count == 1)
            #expect(mail[key: "files"]?.array?.first?[key: "name"] == "Grüße.bin")
            #expect(mail[key: "files"]?.array?.first?[key: "size"]?.integer == 300_000)
            let envelope = mail[key: "envelope"]
            #expect(envelope?[key: "from"]?.string == Post.own && envelope?[key: "to"] == ["alice@example.net"])
        }
    }

    @Test func `a mail that begins a conversation and those after it are one thread`() async throws {
        try await withPost { post in
            let adapter = try post.adapter()
            let first = try #require(
                try await adapter.deliver(message("# Plans\n\nhi", to: Self.chat, key: "m_1")).platformMessageID
            )
            let thread = EmailSettings.chatOfTest("alice@example.net", thread: first)
            _ = try await adapter.deliver(message("more", to: thread, key: "m_2"))
            let mails = try await post.submitted()
            #expect(mails.map { $0[key: "subject"]?.string } == ["Plans", "Re: Plans"])
            #expect(
                mails[1][key: "references"]?.string == "<\(first)>"
                    && mails[1][key: "in_reply_to"]?.string == "<\(first)>"
            )
        }
    }

    @Test func `a repeat carries the same message id`() async throws {
        try await withPost { post in
            for _ in 0..<2 { _ = try await post.adapter().deliver(message("x", to: Self.chat)) }
            let ids = try await post.submitted().compactMap { $0[key: "message_id"]?.string }
            #expect(ids.count == 2 && ids[0] == ids[1])
        }
    }

    @Test func `a card says that its code is needed`() async throws {
        try await withPost { post in
            let card = Card(
                title: "Paint",
                body: "red?",
                options: [CardOption(label: "Yes", value: "y"), CardOption(label: "No", value: "n")],
                code: "K7"
            )
            var out = message("", to: Self.chat)
            out.body = .card(card)
            _ = try await post.adapter().deliver(out)
            let text = try await post.submitted().first?[key: "text"]?.string
            #expect(text?.contains("1 K7") == true && text?.contains("nothing else") == true)
        }
    }

    @Test(
        arguments: [
            ("RCPT", "429", .transient), ("RCPT", "5xx", .rejected), ("DATA", "5xx", .rejected),
            ("MAIL", "429", .transient), ("DATA", "drop", .noAnswer),
            ("DATA", "lost", .noAnswer), ("AUTH", "error", .notConnected),
        ] as [(String, String, ChannelError.Code)]
    )
    func `faults of the server are told as what they are, and the next attempt goes through`(
        _ on: String,
        _ mode: String,
        _ code: ChannelError.Code
    ) async throws {
        try await withPost { post in
            let adapter = try post.adapter()
            try await post.judge.control("fault", ["on": .string(on), "mode": .string(mode)])
            let error = await #expect(throws: ChannelError.self) {
                try await adapter.deliver(message("x", to: Self.chat))
            }
            #expect(error?.code == code && error?.message.contains("SMTP server") == true)
            _ = try await adapter.deliver(message("x", to: Self.chat))
            #expect(try await post.submitted().count == (mode == "lost" ? 2 : 1))
        }
    }

    @Test func `a recipient that is not there, or no address, is refused`() async throws {
        try await withPost { post in
            let adapter = try post.adapter()
            for address in ["nobody@example.org", "no address", "a\r\nRCPT TO:<x@y.z>@example.org"] {
                let chat = EmailSettings.chatOfTest(address)
                let error = await #expect(throws: ChannelError.self) {
                    try await adapter.deliver(message("x", to: chat))
                }
                #expect(error?.code == .rejected, "\(address)")
            }
            #expect(try await post.submitted().isEmpty)
        }
    }

    @Test func `who cannot log in is told which half failed and why`() async throws {
        try await withPost { post in
            let platform = EmailPlatform()
            let both = await #expect(throws: ChannelSetupError.self) {
                try await platform.identify(post.values(["password": "wrong"]), try post.tools())
            }
            #expect(both?.code == .refused)
            #expect(
                both?.message.contains("IMAP: ") == true && both?.message.contains("SMTP: ") == true
                    && both?.message.contains("wrong") == false
            )
            let half = await #expect(throws: ChannelSetupError.self) {
                try await platform.identify(post.values(["smtp": "127.0.0.1:1/plain"]), try post.tools())
            }
            #expect(half?.code == .unreachable && half?.message.contains("IMAP works") == true)
            let swapped = await #expect(throws: ChannelSetupError.self) {
                try await platform.identify(
                    post.values(["imap": "127.0.0.1:\(post.port("smtp"))/plain"]),
                    try post.tools()
                )
            }
            #expect(
                swapped?.message.contains("is IMAP spoken") == true && swapped?.message.contains("SMTP works") == true
            )
            let mailbox = await #expect(throws: ChannelSetupError.self) {
                try await platform.identify(post.values(["mailbox": "Nowhere"]), try post.tools())
            }
            #expect(mailbox?.code == .refused && mailbox?.message.contains("Nowhere") == true)
            try await post.say("hi")
            let trust = await #expect(throws: ChannelSetupError.self) {
                try await platform.identify(post.values(["authserv-id": ""]), try post.tools())
            }
            #expect(trust?.code == .invalid && trust?.message.contains("\"judge.example\"") == true)
            let identity = try await platform.identify(post.values(), try post.tools())
            #expect(identity == ChannelIdentity(account: "bot@example.org", title: "bot@example.org"))
        }
    }
}
