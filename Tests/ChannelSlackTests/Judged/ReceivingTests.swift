import ChannelConformance
import ChannelKit
import Core
import JudgeSupport
import LinuxIO
import TestSupport
import Testing

@testable import ChannelSlack

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Slack, received` {
    @Test func `messages of people come in order with who wrote them and where`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let group = try #require(world.group)
                let first = try await world.say(WorldSaid("one 🎉 & <b>", in: world.direct))
                for number in 2...20 { _ = try await world.say(WorldSaid("\(number)", in: world.direct)) }
                await inbox.wait(20)
                _ = try await world.say(WorldSaid("to all", in: group, person: 1))
                await inbox.wait(21)
                let events = await inbox.events
                let direct = events.prefix(20)
                #expect(direct.map(\.content.text).dropFirst() == (2...20).map { "\($0)" }[...])
                #expect(direct.first?.platformMessageID == first)
                #expect(direct.first?.content.text == "one 🎉 & <b>")
                #expect(direct.allSatisfy { $0.isMention && !$0.isGroup && $0.senderNativeID == world.alice })
                let last = try #require(events.last)
                #expect(last.address == ChatAddress(channel: "slack", platformID: group.platformID))
                #expect(last.senderName == "bob" && last.isGroup && !last.isMention)
                #expect(adapter.health.state == .connected)
                // Asked once for each person, however much they say.
                #expect(try await world.log("users.info").count == 2)
            }
        }
    }

    @Test func `a mention comes once although Slack tells it twice`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                let group = try #require(world.group)
                _ = try await world.say(WorldSaid("are you there?", in: group, mentionsAgent: true))
                try await world.server.control("say", ["chat": "group", "text": "and you, <@U0BOB00001>?"])
                await inbox.wait(2)
                try await world.server.control("wait", ["pending": 0])
                let events = await inbox.events
                #expect(events.map(\.content.text) == ["are you there?", "and you, @bob?"])
                #expect(events.map(\.isMention) == [true, false])
            }
        }
    }

    @Test func `answers in threads, edits, previews, deletions and reactions are told apart`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let group = try #require(world.group)
                let root = try #require(
                    try await adapter.deliver(.test(.text("root", files: []), to: group.platformID)).platformMessageID
                )
                let id = try await world.say(WorldSaid("old", in: group, replyTo: root))
                try await world.edit(id, in: group, to: "new")
                try await world.server.control("unfurl", ["chat": "group", "message": .string(id)])
                try await world.react(id, in: group, emoji: "🔥", isAdded: true)
                try await world.react(id, in: group, emoji: "🔥", isAdded: false)
                try await world.delete(id, in: group)
                await inbox.wait(5)
                let answer = try #require(await inbox.events.first)
                #expect(answer.address.thread == root && answer.repliesToAgent)
                let changes = await inbox.changes
                #expect(
                    changes.map(\.kind) == [
                        .edited(platformMessageID: id, text: "new"),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: true),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: false),
                        .deleted(platformMessageID: id),
                    ]
                )
                #expect(changes.first?.senderNativeID == world.alice)
                #expect(changes.first?.address.thread == root)
                #expect(Set(changes.map(\.dedupKey)).count == 4)
            }
        }
    }

    @Test func `other programs are bots, and the account hears its own messages as an echo only`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let sent = try await adapter.deliver(.test(.text("mine", files: []), to: world.direct.platformID))
                await world.tools.echoes.wait(for: try #require(sent.platformMessageID))
                _ = try await world.say(WorldSaid("beep", in: try #require(world.group), isBot: true))
                await inbox.wait(1)
                let events = await inbox.events
                #expect(events.map(\.content.text) == ["beep"])
                #expect(events.allSatisfy { $0.isBot })
            }
        }
    }

    @Test func `files come with their message, what is too large stays away and says so`() async throws {
        try await SlackWorld.run(largest: 1000) { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                let small = [UInt8](repeating: 7, count: 1000)
                _ = try await world.say(
                    WorldSaid(
                        "see",
                        in: world.direct,
                        files: [("a.bin", small), ("b.bin", small + [1]), ("ü 1.txt", [0x68, 0x69])]
                    )
                )
                await inbox.wait(1)
                let event = try #require(await inbox.events.first)
                #expect(event.attachments.map(\.name) == ["a.bin", "ü 1.txt"])
                #expect(await inbox.files == [small, [0x68, 0x69]])
                #expect(
                    event.content.text == "see\n[file b.bin (1001 bytes) was not fetched: files may have 1000 bytes]"
                )
                try await world.server.control("wait", ["pending": 0])
                #expect(try Directory(path: world.tools.media.path).names().isEmpty)
            }
        }
    }

    @Test func `a file that cannot be had takes no text with it`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                try await world.server.control("fault", ["mode": "5xx", "on": "download", "count": 2])
                _ = try await world.say(WorldSaid("see", in: world.direct, files: [("a.bin", [1])]))
                try await world.server.control("fault", ["mode": "drop", "on": "download", "count": 1])
                _ = try await world.say(WorldSaid("again", in: world.direct, files: [("b.bin", [2])]))
                await inbox.wait(2)
                let events = await inbox.events
                #expect(events[0].attachments.isEmpty)
                #expect(events[0].content.text.hasPrefix("see\n[file a.bin (1 byte) was not fetched: "))
                #expect(events[1].content.text == "again")
                #expect(await inbox.files == [[2]])
            }
        }
    }

    @Test func `a pressed button answers its card, and a refusal is shown to who pressed`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let card = Card(
                    title: "Paint?",
                    body: "In *red* & <blue>.",
                    options: [
                        CardOption(label: "Yes", value: "y"),
                        CardOption(label: "Read", value: "", url: "https://example.org"),
                        CardOption(label: "No", value: "n", style: .danger),
                    ]
                )
                let sent = try await adapter.deliver(.test(.card(card), to: world.direct.platformID))
                let id = try #require(sent.platformMessageID)
                #expect(try await world.messages(in: world.direct).last?.buttons == ["Yes", "Read", "No"])
                try await world.press("No", on: id, in: world.direct)
                await inbox.wait(1)
                try await world.server.control("wait", ["click": "1"])
                let answer = try #require(await inbox.answers.first)
                #expect(answer.card == card.id && answer.choice == .index(1))
                #expect(answer.senderNativeID == world.alice)
                #expect(answer.platformMessageID == id)
                #expect(answer.address.platformID == world.direct.platformID)
                await inbox.answerCards(.refused("you may not <decide>"))
                try await world.press("Yes", on: id, in: world.direct)
                try await world.waitForLog("response_url", 1)
                let shown = try #require(try await world.log("response_url").first?[key: "body"])
                #expect(shown[key: "text"] == "you may not &lt;decide&gt;")
                #expect(shown[key: "response_type"] == "ephemeral")
                // What became of the card takes the buttons away.
                let edit = OutboundMessage.Body.edit(platformMessageID: id, text: "done")
                _ = try await adapter.deliver(.test(edit, to: world.direct.platformID))
                let closed = try #require(try await world.messages(in: world.direct).first { $0.id == id })
                #expect(closed.buttons.isEmpty && closed.text == "done")
                // A link only opens: it is acknowledged, and is no answer.
                #expect(await inbox.answers.count == 2)
            }
        }
    }

    @Test func `commands and the bot's own coming are told`() async throws {
        try await SlackWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                try await world.server.control("command", ["chat": "group", "name": "ask", "text": "why &amp; how"])
                await inbox.wait(1)
                try await world.server.control("wait", ["click": "1"])
                try await world.server.control("membership", ["chat": "other", "action": "join"])
                try await world.server.control("membership", ["chat": "other", "action": "leave"])
                try await world.server.control("membership", ["chat": "group", "action": "join", "user": "carol"])
                await inbox.wait(3)
                let event = try #require(await inbox.events.first)
                #expect(event.content.text == "/ask why & how")
                #expect(event.isMention && event.senderNativeID == world.alice)
                #expect(await inbox.changes.map(\.kind) == [.membership(isMember: true), .membership(isMember: false)])
                let clicks = try await world.server.control("state")[key: "clicks"]
                #expect(clicks?.array?.first?[key: "payload"]?[key: "response_type"] == "in_channel")
            }
        }
    }
}
