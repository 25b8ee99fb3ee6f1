import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelTelegram

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Telegram, sent` {
    @Test func `formatting is what people see, not what they read`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let markdown =
                "**bold** and `code.x` – 1. *it* [link](https://a.example/?q=1) _._ 2 > 1!\n\n```swift\nlet x = 1\n```"
            let sent = try await adapter.deliver(.test(markdown, in: world.direct))
            let shown = try #require(try await world.shown(world.direct).first)
            #expect(shown[key: "id"]?.string == sent.platformMessageID)
            let text = try #require(shown[key: "text"]?.string)
            #expect(!text.contains("**") && !text.contains("```") && !text.contains("\\"))
            #expect(text.contains("bold and code.x – 1. it link"))
            let kinds = (shown[key: "entities"]?.array ?? []).compactMap { $0[key: "type"]?.string }
            #expect(Set(kinds).isSuperset(of: ["bold", "code", "italic", "text_link", "pre"]))
        }
    }

    @Test func `a long text comes in parts that are whole together`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let words = (0..<1500).map { "wörd\($0)🎉" }
            let sent = try await adapter.deliver(.test(words.joined(separator: " "), in: world.direct))
            let shown = try await world.messages(in: world.direct)
            #expect(shown.count == sent.parts)
            #expect(sent.parts > 2)
            #expect(shown.allSatisfy { $0.text.utf16.count <= 4096 })
            #expect(shown.flatMap { $0.text.split(separator: " ").map(String.init) } == words)
            #expect(sent.platformMessageID == shown.first?.id)
        }
    }

    @Test func `what the platform has of a message is not sent again`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let text = (0..<1500).map { "word\($0)" }.joined(separator: " ")
            try await world.server.control("fault", ["mode": "5xx", "on": "sendMessage", "skip": 1])
            var message = OutboundMessage.test(text, in: world.direct)
            let error = try #require(await adapter.refusal(message))
            #expect(error.code == .transient)
            #expect(error.partsDone == 1)
            message.partsDone = error.partsDone
            let sent = try await adapter.deliver(message)
            let shown = try await world.messages(in: world.direct)
            #expect(shown.count == sent.parts)
            #expect(shown.map(\.text).joined(separator: " ") == text)
        }
    }

    @Test func `a topic, a quote and an edit`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let group = try #require(world.group)
            let asked = try await world.say(WorldSaid("how?", in: group, thread: world.topic))
            let answer = OutboundMessage.test("thus", in: group, thread: world.topic, quotes: asked)
            let id = try #require(try await adapter.deliver(answer).platformMessageID)
            _ = try await adapter.deliver(.test("to nobody", in: group, quotes: "99999"))
            for text in ["better", "better"] {
                // The second changes nothing, which is as good.
                _ = try await adapter.deliver(.test(.edit(platformMessageID: id, text: text), in: group))
            }
            let shown = try await world.messages(in: group).filter(\.isAgents)
            #expect(shown.map(\.text) == ["better", "to nobody"])
            #expect(shown[0].thread == world.topic)
            #expect(shown[0].replyTo == asked)
            #expect(shown[1].thread == nil)
            #expect(shown[1].replyTo == nil)
        }
    }

    @Test func `a reaction is the nearest one, or none`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let id = try await world.say(WorldSaid("done?", in: world.direct))
            for (emoji, shown) in [("✅", ["👍"]), ("🥦", ["👍"]), ("👀", ["👀"]), ("", [])] {
                _ = try await adapter.deliver(.test(.reaction(platformMessageID: id, emoji: emoji), in: world.direct))
                #expect(try await world.messages(in: world.direct).first?.reactions == shown, "\(emoji)")
            }
        }
    }

    @Test func `files go out as they are, each as people see it best`() async throws {
        let names = ["report.pdf", "talk.ogg", "picture.png", "clip.mp4", "song.mp3"]
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let group = try #require(world.group)
            let files = try names.enumerated().map { index, name in
                try OutboundFile.test(name, [UInt8](repeating: UInt8(index), count: 70_000 + index))
            }
            let sent = try await adapter.deliver(.test("five", in: group, thread: world.topic, files: files))
            #expect(sent.parts == 6)
            let shown = try await world.messages(in: group).filter(\.isAgents)
            #expect(shown.flatMap { $0.files.keys } == names)
            #expect(shown.allSatisfy { $0.thread == world.topic })
            let methods = try await world.requests().compactMap { $0[key: "name"]?.string }
            #expect(
                methods == ["sendMessage", "sendDocument", "sendVoice", "sendPhoto", "sendVideo", "sendAudio"]
            )
            let uploads = try await world.requests().flatMap { $0[key: "files"]?.array ?? [] }
            #expect(uploads.compactMap { $0[key: "size"]?.integer } == (0..<5).map { 70_000 + $0 })
        }
    }

    @Test func `a picture that is none to Telegram is still a file`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            try await world.server.control(
                "fault",
                ["mode": "error", "on": "sendPhoto", "status": 400, "description": "Bad Request: IMAGE_PROCESS_FAILED"]
            )
            let file = try OutboundFile.test("odd.png", Array("no picture".utf8))
            _ = try await adapter.deliver(.test("", in: world.direct, files: [file]))
            #expect(try await world.messages(in: world.direct).map { $0.files.count } == [1])
        }
    }

    @Test func `a file without a byte takes nothing with it`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let files = [try OutboundFile.test("none.txt", []), try OutboundFile.test("one.txt", [1])]
            _ = try await adapter.deliver(.test("two", in: world.direct, files: files))
            let shown = try await world.messages(in: world.direct)
            #expect(shown.map(\.text) == ["two", "[The file none.txt is empty.]", ""])
            #expect(shown.last?.files.keys.first == "one.txt")
        }
    }

    @Test func `typing and drafts are shown, and never fail anybody`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let direct = ChatAddress(channel: "telegram", platformID: world.direct.platformID)
            let forum = ChatAddress(
                channel: "telegram",
                platformID: try #require(world.group).platformID,
                thread: world.topic
            )
            await adapter.setTyping(direct)
            await adapter.setTyping(forum)
            await adapter.show(Draft(address: direct, id: 0, text: "I thi"))
            // At once again: shown at most once a second. In groups there are none.
            await adapter.show(Draft(address: direct, id: 0, text: "I think"))
            await adapter.show(Draft(address: forum, id: 1, text: "I"))
            try await world.server.control("fault", ["mode": "5xx", "on": "sendChatAction"])
            await adapter.setTyping(direct)
            let requests = try await world.requests().filter { $0[key: "kind"]?.string == "request" }
            #expect(
                requests.compactMap { $0[key: "name"]?.string } == [
                    "sendChatAction", "sendChatAction", "sendMessageDraft", "sendChatAction",
                ]
            )
            #expect(requests[1][key: "body"]?[key: "message_thread_id"]?.integer == 7)
            #expect(requests[2][key: "status"]?.integer == 200)
        }
    }

    @Test func `a card is pressed and answered, and closing it takes its buttons away`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let card = Card(
                    title: "Delete it?",
                    body: "All of `data/`.",
                    options: [
                        CardOption(label: "Yes", value: "y", style: .danger), CardOption(label: "No", value: "n"),
                        CardOption(label: "Why", value: "", url: "https://a.example/"),
                    ]
                )
                let sent = try await adapter.deliver(.test(.card(card), in: world.direct))
                let id = try #require(sent.platformMessageID)
                #expect(try await world.messages(in: world.direct).first?.buttons == ["Yes", "No", "Why"])
                try await world.press("No", on: id, in: world.direct)
                await inbox.wait(1)
                let answer = try #require(await inbox.answers.first)
                #expect(answer.card == card.id)
                #expect(answer.option(of: card)?.value == "n")
                #expect(answer.senderNativeID == "1001")
                #expect(answer.platformMessageID == id)
                #expect(answer.address.platformID == world.direct.platformID)
                try await world.server.control("wait", ["click": "9000"])
                await inbox.answerCards(.refused("It was decided already."))
                try await world.press("Yes", on: id, in: world.direct)
                let toast = try await world.server.control("wait", ["click": "9001"])
                #expect(toast[key: "found"]?[key: "text"]?.string == "It was decided already.")
                _ = try await adapter.deliver(.test(.edit(platformMessageID: id, text: "It stays."), in: world.direct))
                let shown = try #require(try await world.messages(in: world.direct).first)
                #expect(shown.text == "It stays.")
                #expect(shown.buttons.isEmpty)
            }
        }
    }

    @Test func `whom the bot may not write to is said in the platform's words`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            let carol = try #require(try await adapter.openDM(UserID(channel: "telegram", native: "5000000003")))
            for (address, words) in [
                (carol, "can't initiate conversation"),
                (ChatAddress(channel: "telegram", platformID: "telegram:4242:31337"), "chat not found"),
                (ChatAddress(channel: "telegram", platformID: "telegram:1:31337"), "no chat of this bot"),
            ] {
                var message = OutboundMessage.test("hello", in: world.direct)
                message.address = address
                let error = try #require(await adapter.refusal(message), "\(address)")
                #expect(error.code == .rejected)
                #expect(error.message.contains(words), "\(error.message)")
            }
            // Once she has written, her chat is open.
            try await world.server.control("say", ["chat": "dm:carol", "user": "carol", "text": "hi"])
            var message = OutboundMessage.test("hello", in: world.direct)
            message.address = carol
            #expect(try await adapter.deliver(message).platformMessageID != nil)
        }
    }

    @Test func `only numbers are ids`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            #expect(adapter.isNativeID("5000000003"))
            for text in ["@alice", "alice", "-5", "0", "+5", "05", "", "99999999999999999999"] {
                #expect(!adapter.isNativeID(text), "\(text)")
            }
            #expect(try await adapter.openDM(UserID(channel: "slack", native: "5")) == nil)
            #expect(try await adapter.nativeID(of: "alice") == nil)
        }
    }

    @Test func `too many is obeyed to the second and shown`() async throws {
        let time = ManualTime()
        try await TelegramWorld.run(time: time) { world in
            let adapter = try world.adapter()
            try await world.inject(.tooMany(count: 1, retryAfter: 17))
            for rest in [17, 10] {
                let error = await adapter.refusal(.test("hello", in: world.direct))
                #expect(error?.code == .rateLimited(retryAfter: .seconds(rest)))
                time.advance(by: .seconds(7))
            }
            #expect(adapter.health.rateLimitedUntil == time.now + .seconds(3))
            // Only once it was asked; the second was held back here.
            #expect(try await world.requests("sendMessage").count == 1)
            time.advance(by: .seconds(3))
            _ = try await adapter.deliver(.test("hello", in: world.direct))
        }
    }

    @Test func `failures of the way and of the server are told apart`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            func code(_ fault: JSONValue) async throws -> ChannelError.Code? {
                try await world.server.control("fault", fault)
                let error = await adapter.refusal(.test("hello", in: world.direct))
                #expect(error.map { !"\($0)".contains("JUDGE-TOKEN") } == true)
                return error?.code
            }
            #expect(try await code(["mode": "5xx", "on": "sendMessage"]) == .transient)
            #expect(try await code(["mode": "lost", "on": "sendMessage"]) == .noAnswer)
            #expect(try await code(["mode": "drop", "on": "sendMessage"]) == .noAnswer)
            #expect(try await code(["mode": "revoke"]) == .notConnected)
        }
    }

    @Test func `formatting that is refused goes as plain text`() async throws {
        try await TelegramWorld.run { world in
            let adapter = try world.adapter()
            try await world.inject(.badFormatting(count: 1))
            let sent = try await adapter.deliver(.test("**bold** words", in: world.direct))
            #expect(try await world.messages(in: world.direct).map(\.text) == ["bold words"])
            #expect(sent.parts == 1)
            let modes = try await world.requests("sendMessage").map { $0[key: "body"]?[key: "parse_mode"]?.string }
            #expect(modes == ["MarkdownV2", nil])
        }
    }

    @Test func `a chat without a server is not connected`() async throws {
        try await TelegramWorld.run(["api": "http://127.0.0.1:9"]) { world in
            let adapter = try world.adapter()
            #expect(await adapter.refusal(.test("hello", in: world.direct))?.code == .notConnected)
        }
    }
}
