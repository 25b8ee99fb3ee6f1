import ChannelConformance
import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelSlack

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Slack, sent` {
    private func text(_ text: String, _ files: [OutboundFile] = []) -> OutboundMessage.Body {
        .text(text, files: files)
    }

    @Test func `text arrives as it was meant, without previews, at its place`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let group = try #require(world.group)
            let root = try await world.say(WorldSaid("root", in: world.direct))
            let plain = "a < b & c > d 🎉"
            let sent = try await adapter.deliver(.test(text(plain), to: group.platformID))
            _ = try await adapter.deliver(.test(text("inside"), to: world.direct.platformID, thread: root, key: "m_2"))
            let shown = try #require(try await world.messages(in: group).last)
            #expect(shown.id == sent.platformMessageID && shown.isAgents)
            let inside = try #require(try await world.messages(in: world.direct).last)
            #expect(inside.thread == root && inside.text == "inside")
            let fields = try #require(try await world.log("chat.postMessage").first?[key: "body"])
            #expect(fields[key: "unfurl_links"] == "false" && fields[key: "unfurl_media"] == "false")
        }
    }

    @Test func `a refused formatting goes out plain, a card too`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            try await world.inject(.badFormatting(count: 1))
            _ = try await adapter.deliver(.test(text("a <b> & c"), to: world.direct.platformID))
            #expect(try await world.messages(in: world.direct).last?.text == "a <b> & c")
            let posts = try await world.log("chat.postMessage")
            #expect(posts.map { $0[key: "body"]?[key: "mrkdwn"] } == ["true", "false"])
            try await world.inject(.badFormatting(count: 1))
            let card = Card(title: "Paint?", body: "", options: [CardOption(label: "Yes", value: "y")])
            _ = try await adapter.deliver(.test(.card(card), to: world.direct.platformID, key: "m_2"))
            #expect(try await world.messages(in: world.direct).last?.buttons == ["Yes"])
            try await world.inject(.badFormatting(count: 2))
            let error = await adapter.refusal(.test(text("x"), to: world.direct.platformID, key: "m_3"))
            #expect(error?.code == .rejected)
        }
    }

    @Test func `edits and reactions reach their message`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let id = try await world.say(WorldSaid("hi", in: world.direct))
            let own = try #require(
                try await adapter.deliver(.test(text("old"), to: world.direct.platformID)).platformMessageID
            )
            let edit = OutboundMessage.Body.edit(platformMessageID: own, text: "new & better")
            #expect(try await adapter.deliver(.test(edit, to: world.direct.platformID)).platformMessageID == own)
            for emoji in ["👍", "👍", "✅"] {
                let reaction = OutboundMessage.Body.reaction(platformMessageID: id, emoji: emoji)
                _ = try await adapter.deliver(.test(reaction, to: world.direct.platformID))
            }
            let messages = try await world.messages(in: world.direct)
            #expect(messages.first { $0.id == own }?.text == "new & better")
            #expect(messages.first { $0.id == id }?.reactions == ["👍", "✅"])
            for body: OutboundMessage.Body in [
                .reaction(platformMessageID: id, emoji: "🫎"), .reaction(platformMessageID: "command:1", emoji: "👍"),
                .edit(platformMessageID: "1700000000.000100", text: "x"), .edit(platformMessageID: "x", text: "x"),
            ] {
                #expect(await adapter.refusal(.test(body, to: world.direct.platformID))?.code == .rejected)
            }
        }
    }

    @Test func `files arrive whole, with their text before them`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let root = try await world.say(WorldSaid("root", in: world.direct))
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let message = OutboundMessage.test(
                text("see", [try .test("a ü.bin", bytes), try .test("empty.txt", [])]),
                to: world.direct.platformID,
                thread: root
            )
            let sent = try await adapter.deliver(message)
            #expect(sent.parts == 3)
            let messages = try await world.messages(in: world.direct).filter(\.isAgents)
            #expect(messages.map(\.thread) == [root, root, root])
            #expect(messages[0].id == sent.platformMessageID && messages[0].text == "see")
            #expect(Array(messages[1].files.keys) == ["a ü.bin"])
            #expect(messages[2].text.hasPrefix("[The file empty.txt stays here"))
            let upload = try #require(try await world.log("upload").first?[key: "files"]?.array?.first)
            #expect(upload[key: "size"] == 300_000)
            #expect(upload[key: "sha256"]?.string == messages[1].files["a ü.bin"])
        }
    }

    @Test func `a file alone has the id of the message that shows it`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let file = try OutboundFile.test("a.txt", Array("hello".utf8))
            let sent = try await adapter.deliver(.test(text("", [file]), to: world.direct.platformID))
            #expect(sent.platformMessageID == (try await world.messages(in: world.direct).last?.id))
        }
    }

    @Test func `Slack's wait is obeyed, and nothing more is asked before`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            try await world.inject(.tooMany(count: 1, retryAfter: 120))
            let error = try #require(await adapter.refusal(.test(text("x"), to: world.direct.platformID)))
            #expect(error.code == .rateLimited(retryAfter: .seconds(120)))
            let again = try #require(await adapter.refusal(.test(text("x"), to: world.direct.platformID)))
            guard case .rateLimited(let left) = again.code else {
                Issue.record("\(again)")
                return
            }
            #expect(left > .seconds(110) && left <= .seconds(120))
            #expect(try await world.log("chat.postMessage").count == 1)
            #expect(adapter.health.rateLimitedUntil != nil)
            // The limit is the method's: another one works.
            let id = try await world.say(WorldSaid("hi", in: world.direct))
            let reaction = OutboundMessage.Body.reaction(platformMessageID: id, emoji: "👍")
            _ = try await adapter.deliver(.test(reaction, to: world.direct.platformID))
        }
    }

    @Test func `an answer that is lost shows no message twice`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let root = try await world.say(WorldSaid("root", in: world.direct))
            for (number, thread) in [nil, root].enumerated() {
                try await world.inject(.lostAnswer(count: 1))
                let message = OutboundMessage.test(
                    text("once \(number)"),
                    to: world.direct.platformID,
                    thread: thread,
                    key: "m_\(number)"
                )
                let sent = try await adapter.deliver(message)
                #expect(sent.platformMessageID == (try await world.messages(in: world.direct).last?.id))
            }
            // Nor when Slack cannot be asked at once: the next attempt asks first.
            try await world.inject(.lostAnswer(count: 1))
            try await world.server.control("fault", ["mode": "5xx", "on": "conversations.history", "count": 1])
            let message = OutboundMessage.test(text("later"), to: world.direct.platformID, key: "m_9")
            #expect(await adapter.refusal(message)?.code == .transient)
            let sent = try await adapter.deliver(message)
            let shown = try await world.messages(in: world.direct).filter(\.isAgents)
            #expect(shown.map(\.text) == ["once 0", "once 1", "later"])
            #expect(shown.last?.id == sent.platformMessageID)
        }
    }

    @Test func `a file whose sharing was not confirmed is shown once`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let message = OutboundMessage.test(
                text("", [try .test("a.txt", Array("hello".utf8))]),
                to: world.direct.platformID
            )
            try await world.server.control("fault", ["mode": "lost", "on": "files.completeUploadExternal"])
            #expect(await adapter.refusal(message)?.code == .transient)
            let sent = try await adapter.deliver(message)
            let shown = try await world.messages(in: world.direct)
            #expect(shown.count == 1)
            #expect(shown.first?.id == sent.platformMessageID)
            #expect(try await world.log("upload").count == 1)
        }
    }

    @Test func `failures say whether it is worth trying again`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            try await world.inject(.serverError(count: 1))
            #expect(await adapter.refusal(.test(text("x"), to: world.direct.platformID))?.code == .transient)
            let other = try #require(
                await adapter.refusal(.test(text("x"), to: "slack:\(SlackWorld.team):C0OTHER001", key: "m_2"))
            )
            #expect(other.code == .rejected && other.message.contains("/invite"))
            for place in ["slack:\(SlackWorld.team):C0NONE", "slack:T0OTHER:C0GROUP001", "slack:x"] {
                #expect(await adapter.refusal(.test(text("x"), to: place, key: "m_3"))?.code == .rejected)
            }
            let thread = OutboundMessage.test(text("x"), to: world.direct.platformID, thread: "general", key: "m_4")
            #expect(await adapter.refusal(thread)?.code == .rejected)
        }
    }

    @Test func `nobody at the other end means that messages wait`() async throws {
        try await SlackWorld.run(["api": "http://127.0.0.1:9/api"]) { world in
            let error = try await world.adapter().refusal(.test(text("x"), to: world.direct.platformID))
            #expect(error?.code == .notConnected)
        }
    }

    @Test func `direct messages are opened, people are found by id and address`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let alice = UserID(channel: "slack", native: world.alice)
            #expect(try await adapter.openDM(alice)?.platformID == world.direct.platformID)
            #expect(try await adapter.openDM(UserID(channel: "discord", native: world.alice)) == nil)
            await #expect(throws: SlackError.self) {
                try await adapter.openDM(UserID(channel: "slack", native: "\(SlackWorld.team):U0CAROL001"))
            }
            #expect(try await adapter.nativeID(of: "alice@example.com") == world.alice)
            #expect(try await adapter.nativeID(of: "U0ALICE001") == world.alice)
            #expect(try await adapter.nativeID(of: "nobody@example.com") == nil)
            #expect(try await adapter.nativeID(of: "@alice") == nil)
            #expect(adapter.isNativeID(world.alice) && !adapter.isNativeID("@alice"))
        }
    }

    @Test func `typing is shown in threads, and not asked for again while it is`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let root = try await world.say(WorldSaid("root", in: world.direct))
            let thread = ChatAddress(channel: "slack", platformID: world.direct.platformID, thread: root)
            for _ in 0..<3 { await adapter.setTyping(thread) }
            #expect(try await world.log("assistant.threads.setStatus").count == 1)
            _ = try await adapter.deliver(.test(text("x"), to: world.direct.platformID, thread: root))
            await adapter.setTyping(thread)
            #expect(try await world.log("assistant.threads.setStatus").count == 2)
            for _ in 0..<2 { await adapter.endTyping(thread) }
            let statuses = try await world.log("assistant.threads.setStatus")
            #expect(statuses.map { $0[key: "body"]?[key: "status"]?.string } == ["is thinking…", "is thinking…", ""])
        }
    }

    @Test func `outside of threads the newest message has an emoji while the agent is at work`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let inbox = TestInbox()
            try await running(adapter, inbox) {
                let direct = ChatAddress(channel: "slack", platformID: world.direct.platformID)
                await adapter.setTyping(direct)
                #expect(try await world.log("reactions.add").isEmpty, "there is no message to mark")
                func marked() async throws -> [String] {
                    try await world.messages(in: world.direct).filter { $0.reactions.contains("⏳") }.map(\.text)
                }
                for text in ["one", "two"] {
                    _ = try await world.say(WorldSaid(text, in: world.direct))
                    _ = try await inbox.wait(forText: text)
                    for _ in 0..<2 { await adapter.setTyping(direct) }
                    #expect(try await marked() == ["one"], "the mark stays where the work began")
                }
                for _ in 0..<2 { await adapter.endTyping(direct) }
                #expect(try await marked().isEmpty)
                await adapter.setTyping(direct)
                #expect(try await marked() == ["two"])
                // A mark that cannot be taken away at once is taken away later.
                try await world.server.control("fault", ["mode": "5xx", "on": "reactions.remove", "count": 1])
                await adapter.endTyping(direct)
                #expect(try await marked().isEmpty)
                #expect(try await world.log("reactions.add").count == 2)
            }
        }
    }

    @Test func `what is no new message of a thread leaves its status to be taken away`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let root = try await world.say(WorldSaid("root", in: world.direct))
            let thread = ChatAddress(channel: "slack", platformID: world.direct.platformID, thread: root)
            await adapter.setTyping(thread)
            let reaction = OutboundMessage.Body.reaction(platformMessageID: root, emoji: "👍")
            _ = try await adapter.deliver(.test(reaction, to: world.direct.platformID, thread: root))
            await adapter.endTyping(thread)
            let statuses = try await world.log("assistant.threads.setStatus")
            #expect(statuses.map { $0[key: "body"]?[key: "status"]?.string } == ["is thinking…", ""])
        }
    }

    @Test func `parts that Slack has are not sent again`() async throws {
        try await SlackWorld.run { world in
            let adapter = try world.adapter()
            let files = [try OutboundFile.test("a.txt", [1]), try OutboundFile.test("b.txt", [2])]
            try await world.server.control("fault", ["mode": "5xx", "on": "upload", "skip": 1, "count": 1])
            let error = try #require(
                await adapter.refusal(.test(text("see", files), to: world.direct.platformID))
            )
            #expect(error.partsDone == 2)
            let rest = OutboundMessage.test(text("see", files), to: world.direct.platformID, partsDone: 2)
            _ = try await adapter.deliver(rest)
            let shown = try await world.messages(in: world.direct)
            #expect(shown.map { $0.files.keys.first ?? $0.text } == ["see", "a.txt", "b.txt"])
        }
    }
}
