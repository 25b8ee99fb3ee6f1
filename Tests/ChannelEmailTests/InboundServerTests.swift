import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelEmail

/// Mails that come in, over a real Dovecot.
@Suite(.enabled(if: Judge.isOn), .timeLimit(.minutes(5))) struct InboundServerTests {
    @Test func `a mail becomes an event of a verified person`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            let adapter = try post.adapter()
            try await post.running(adapter, inbox) {
                let id = try await post.say("Hello\nthere", ["subject": "Grüße", "name": "Alice Ä"])
                await inbox.wait(for: 1)
                let event = try #require(await inbox.events.first)
                #expect(event.address.platformID == "email:bot@example.org:alice@example.net")
                #expect(event.address.thread == id && event.platformMessageID == id && event.dedupKey == id)
                #expect(event.senderNativeID == "alice@example.net" && event.senderName == "Alice Ä")
                #expect(event.content.text == "Subject: Grüße\n\nHello\nthere")
                #expect(event.isMention && !event.isGroup && !event.isBot && event.requiresCode)
                #expect(event.metadata?["subject"] == "Grüße" && event.metadata?["unverified"] == nil)
                #expect(adapter.health.state == .connected)
            }
        }
    }

    @Test(arguments: [
        "", "judge.example; dkim=fail header.d=example.net", "evil.example; dmarc=pass",
        "judge.example; dkim=pass header.d=evil.example",
    ])
    func `a mail that anybody could have written has no sender`(_ results: String) async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            try await post.running(try post.adapter(), inbox) {
                try await post.say("1 K7", ["results": .string(results)])
                await inbox.wait(for: 1)
                let event = try #require(await inbox.events.first)
                #expect(event.senderNativeID == nil && event.content.text.hasPrefix("[Not verified"))
                #expect(CardReply(event.content.text) == nil && event.metadata?["unverified"] != nil)
            }
        }
    }

    @Test func `answers are put into their thread, without what they quote`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            let adapter = try post.adapter()
            try await post.running(adapter, inbox) {
                let first = try await post.say("Shall we?", ["subject": "Plans"])
                await inbox.wait(for: 1)
                let address = try #require(await inbox.events.first?.address)
                let sent = try await adapter.deliver(message("We **shall**.", to: address))
                let ours = try #require(sent.platformMessageID)
                // Only the last message is named, as some programs do.
                try await post.say(
                    "1 K7\n\nOn 28 Nov 2026, Bot wrote:\n> We shall.",
                    ["reply_to": .string("<\(ours)>"), "subject": "Re: Plans"]
                )
                await inbox.wait(for: 2)
                let event = try #require(await inbox.events.last)
                #expect(event.address.thread == first && event.repliesToAgent)
                #expect(event.content.text == "1 K7" && event.content.replyTo?.platformMessageID == ours)
                #expect(CardReply(event.content.text)?.code == "K7")
                let mail = try #require(try await post.submitted().first)
                #expect(mail[key: "subject"] == "Re: Plans" && mail[key: "in_reply_to"]?.string == "<\(first)>")
                #expect(mail[key: "references"]?.string == "<\(first)>")
            }
        }
    }

    @Test func `files come in, and one that is too large leaves a line`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            try await post.running(try post.adapter(largest: 400_000), inbox) {
                let small = String(repeating: "0123456789abcdef", count: 20_000)
                let files: JSONValue = [
                    ["name": "ünï.txt", "text": .string(small)],
                    ["name": "big.bin", "size": 3_000_000, "text": .string(String(repeating: "x", count: 500_000))],
                ]
                try await post.say("see\nhere", ["files": files])
                await inbox.wait(for: 1)
                let event = try #require(await inbox.events.first)
                #expect(await inbox.files.first == ["ünï.txt": Array(small.utf8)])
                #expect(
                    event.content.text.contains("[file big.bin (488 KiB) was not fetched: it has more than 390 KiB]")
                        && event.content.text.hasPrefix("Subject: Hello\n\nsee\nhere")
                )
            }
            #expect(try post.tools().media.isEmpty())
        }
    }

    @Test func `automatic answers, bounces and own mails go nowhere, programs are marked`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            let tools = try post.tools()
            let adapter = try EmailAdapter(try EmailSettings(post.values()), tools)
            try await post.running(adapter, inbox) {
                try await post.say("away", ["is_bot": true])
                try await post.say("undeliverable", ["user": "mailer-daemon@example.net"])
                try await post.say("own", ["user": .string(Post.own)])
                let raw =
                    "From: news@example.net\nTo: bot@example.org\nPrecedence: bulk\nMessage-ID: <n@x>\nSubject: News\n\nbuy"
                try await post.judge.control(
                    "deliver",
                    ["to": .string(Post.own), "from": "news@example.net", "raw": .string(raw)]
                )
                let list =
                    "From: Bob <bob@example.net>\nTo: talk@lists.example.net\nList-Post: <mailto:talk@lists.example.net>\nMessage-ID: <l@x>\n\nhi all"
                try await post.judge.control(
                    "deliver",
                    ["to": .string(Post.own), "from": "bob@example.net", "raw": .string(list)]
                )
                await inbox.wait(for: 2)
                let events = await inbox.events
                #expect(events.map(\.platformMessageID) == ["n@x", "l@x"] && events.map(\.isBot) == [true, false])
                #expect(
                    events[1].isGroup && !events[1].isMention
                        && events[1].address.platformID == "email:bot@example.org:list%3Atalk@lists.example.net"
                )
            }
            // Sent to itself, as `channels test` does.
            let chat = EmailSettings.chatOfTest(Post.own)
            try await post.running(adapter, inbox) {
                let id = try #require(try await adapter.deliver(message("ping", to: chat)).platformMessageID)
                await tools.echoes.wait(for: id)
            }
            #expect(await inbox.events.count == 2)
        }
    }

    @Test func `what came while nobody looked comes in order, once, and what was there before does not`() async throws {
        try await withPost { post in
            try await post.say("before the account was")
            let inbox = RecordingInbox()
            try await post.running(try post.adapter(), inbox) {
                try await post.say("one")
                await inbox.wait(for: 1)
            }
            for text in ["two", "three", "four"] { try await post.say(text) }
            try await post.running(try post.adapter(), inbox) {
                await inbox.wait(for: 4)
                try await post.say("five")
                await inbox.wait(for: 5)
            }
            let texts = await inbox.events.map { $0.content.text.split(separator: "\n").last.map(String.init) }
            #expect(texts == ["one", "two", "three", "four", "five"])
        }
    }

    @Test func `a mail that could not be stored is handed over again before those behind it`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox(failures: 2)
            let adapter = try post.adapter()
            try await post.running(adapter, inbox) {
                try await post.say("first")
                try await post.say("second")
                await inbox.wait(for: 2)
                #expect(await inbox.events.map { $0.content.text.hasSuffix("first") } == [true, false])
                #expect(await inbox.refusals == 2)
            }
        }
    }

    @Test func `a link that is cut is made anew, one at a time, and nothing is lost or doubled`() async throws {
        try await withPost { post in
            let inbox = RecordingInbox()
            let adapter = try post.adapter()
            try await post.running(adapter, inbox) {
                for number in 1...3 {
                    try await post.judge.control("wait", ["open": 1])
                    try await post.judge.control("kick")
                    try await post.say("number \(number)")
                    await inbox.wait(for: number)
                    #expect(try await post.judge.control("state")[key: "open"]?.integer == 1)
                }
            }
            #expect(await inbox.events.count == 3)
        }
    }

    @Test func `TLS is spoken from the first byte, and after STARTTLS, with a certificate that is trusted`()
        async throws
    {
        try await withPost { post in
            let certificates = post.port("ca")
            let ways = [
                ("localhost:\(post.port("imaps"))/tls", "localhost:\(post.port("smtps"))/tls"),
                ("localhost:\(post.port("imap"))/starttls", "localhost:\(post.port("smtp"))/starttls"),
            ]
            for (imap, smtp) in ways {
                let values = ["imap": imap, "smtp": smtp, "certificates": certificates]
                let identity = try await EmailPlatform().identify(post.values(values), try post.tools())
                #expect(identity.account == "bot@example.org")
                let inbox = RecordingInbox()
                let adapter = try post.adapter(values)
                try await post.running(adapter, inbox) {
                    try await post.say("over TLS")
                    await inbox.wait(for: 1)
                    let address = try #require(await inbox.events.first?.address)
                    _ = try await adapter.deliver(message("answer", to: address, key: "m_\(smtp.count)"))
                }
                let untrusted = await #expect(throws: ChannelSetupError.self) {
                    try await EmailPlatform().identify(post.values(["imap": imap, "smtp": smtp]), try post.tools())
                }
                #expect(untrusted?.code == .unreachable && untrusted?.message.contains("TLS") == true)
            }
            // The judge notes TLS that came by STARTTLS.
            let envelopes = try await post.submitted().compactMap { $0[key: "envelope"]?[key: "tls"]?.bool }
            #expect(envelopes == [false, true])
        }
    }
}

extension MediaFolder {
    /// Whether no file was left behind.
    fileprivate func isEmpty() throws -> Bool { try FileNames.all(path).isEmpty }
}

extension EmailSettings {
    /// The chat of the tests' account with an address.
    static func chatOfTest(_ address: String, thread: String? = nil) -> ChatAddress {
        ChatAddress(channel: "email", platformID: "email:\(Post.own):\(address)", thread: thread)
    }
}
