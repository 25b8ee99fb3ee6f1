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
struct `Telegram, received` {
    @Test func `messages of people come in order with who wrote them and where`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                let group = try #require(world.group)
                let first = try await world.say(WorldSaid("one 🎉 &<b>", in: world.direct))
                _ = try await world.say(WorldSaid("two", in: world.direct))
                _ = try await world.say(WorldSaid("three", in: group, person: 1, thread: world.topic))
                await inbox.wait(3)
                let events = await inbox.events
                let direct = events.filter { $0.address.platformID == world.direct.platformID }
                #expect(direct.map(\.content.text) == ["one 🎉 &<b>", "two"])
                #expect(direct.first?.platformMessageID == first)
                #expect(direct.allSatisfy { $0.isMention && !$0.isGroup && $0.senderNativeID == "1001" })
                let third = try #require(events.first { $0.isGroup })
                #expect(third.address == ChatAddress(channel: "telegram", platformID: group.platformID, thread: "7"))
                #expect(third.senderName == "Bob B")
                #expect(!third.isMention)
                #expect(third.content.replyTo == nil)
            }
        }
    }

    @Test func `a mention, a command and a reply reach the bot in a group with privacy`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let sent = try await adapter.deliver(.test("mine", in: world.plain))
                let reply = try #require(sent.platformMessageID)
                _ = try await world.say(WorldSaid("nobody hears this", in: world.plain))
                _ = try await world.say(WorldSaid("are you there?", in: world.plain, mentionsAgent: true))
                try await world.server.control("command", ["chat": "group", "name": "stop"])
                _ = try await world.say(WorldSaid("good", in: world.plain, replyTo: reply))
                await inbox.wait(3)
                let events = await inbox.events
                #expect(events.map(\.content.text) == ["are you there?", "/stop", "good"])
                #expect(events.allSatisfy { $0.isMention && $0.isGroup && $0.address.thread == nil })
                #expect(events[2].repliesToAgent)
                #expect(events[2].content.replyTo?.text == "mine")
                #expect(events[2].content.replyTo?.platformMessageID == reply)
            }
        }
    }

    @Test func `edits, reactions, coming and going are told`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                let id = try await world.say(WorldSaid("old", in: world.direct))
                try await world.edit(id, in: world.direct, to: "new")
                // As a preview that appears: nobody has changed the text.
                try await world.edit(id, in: world.direct, to: "new")
                try await world.react(id, in: world.direct, emoji: "🔥", isAdded: true)
                try await world.react(id, in: world.direct, emoji: "🔥", isAdded: false)
                try await world.server.control("membership", ["chat": "dm:alice", "action": "block"])
                await inbox.wait(5)
                #expect(
                    await inbox.changes.map(\.kind) == [
                        .edited(platformMessageID: id, text: "new"),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: true),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: false),
                        .membership(isMember: false),
                    ]
                )
                #expect(await inbox.changes.allSatisfy { $0.address.platformID == world.direct.platformID })
            }
        }
    }

    @Test func `a group that gets another id tells the host, and a send that comes too early follows it`() async throws
    {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { adapter in
                let old = WorldChat(id: "small", platformID: "telegram:4242:-500", isGroup: true)
                let answer = try await world.server.control("migrate", ["chat": "small"])
                let new = try #require(answer[key: "chat"]?.string)
                _ = try await adapter.deliver(.test("after the move", in: old))
                #expect(try await world.messages(in: old).map(\.text) == ["after the move"])
                await inbox.wait(3)
                let changes = await inbox.changes
                #expect(changes.count == 3)
                for change in changes {
                    #expect(change.kind == .moved(platformID: "telegram:4242:\(new)"))
                    #expect(change.address.platformID == old.platformID)
                }
                #expect(Set(changes.map(\.dedupKey)).count == 1)
            }
        }
    }

    @Test func `files come as they were, and nothing is left of them here`() async throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("look", in: world.direct, files: [("plan v2.pdf", bytes)]))
                await inbox.wait(1)
                let event = try #require(await inbox.events.first)
                #expect(event.content.text == "look")
                #expect(event.attachments.map(\.name) == ["plan v2.pdf"])
                #expect(event.attachments.map(\.type) == ["document"])
                #expect(await inbox.files == [bytes])
                _ = try await world.say(WorldSaid("next", in: world.direct))
                await inbox.wait(2)
            }
            #expect(try world.filesLeft().isEmpty)
        }
    }

    @Test func `an album is one message with all its files`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                let files = (0..<4).map { ("\($0).txt", [UInt8](repeating: UInt8($0), count: 10)) }
                let id = try await world.say(WorldSaid("four", in: world.direct, files: files))
                await inbox.wait(1)
                let album = try #require(await inbox.events.first)
                #expect(album.platformMessageID == id)
                #expect(album.content.text == "four")
                #expect(album.attachments.map(\.name) == files.map(\.0))
                #expect(await inbox.files == files.map(\.1))
                // What follows in the same chat does not wait for the album's time, and comes after it.
                _ = try await world.say(WorldSaid("again", in: world.direct, files: files))
                _ = try await world.say(WorldSaid("behind", in: world.direct))
                await inbox.wait(3)
                #expect(await inbox.events.map(\.content.text) == ["four", "again", "behind"])
                #expect(await inbox.events[1].attachments.count == 4)
            }
            #expect(try await world.tools.state.value("albums") == nil)
        }
    }

    @Test func `an album that the host could not store is there after a restart`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            await inbox.failNext(1000)
            try await world.withRunning(inbox) { _ in
                let files = [("a.txt", [UInt8(1)]), ("b.txt", [UInt8(2)])]
                _ = try await world.say(WorldSaid("two", in: world.direct, files: files))
                await inbox.waitForRefusals(1)
            }
            #expect(await inbox.events.isEmpty)
            #expect(try world.filesLeft().isEmpty)
            let second = RecordingInbox()
            try await world.withRunning(second) { _ in
                await second.wait(1)
                #expect(await second.events.map(\.attachments.count) == [2])
            }
        }
    }

    @Test func `a file that is too large or gone never takes the text with it`() async throws {
        try await TelegramWorld.run(largest: 1 << 20) { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(
                    WorldSaid("big", in: world.direct, files: [("big.bin", [UInt8](repeating: 1, count: 3 << 20))])
                )
                await inbox.wait(1)
                let claim: JSONValue = ["name": "huge.bin", "size": .integer(21 << 20)]
                try await world.server.control("say", ["chat": "dm:alice", "text": "huge", "files": [claim]])
                await inbox.wait(2)
                try await world.server.control(
                    "fault",
                    ["mode": "error", "on": "getFile", "status": 400, "description": "Bad Request: wrong file_id"]
                )
                _ = try await world.say(WorldSaid("gone", in: world.direct, files: [("gone.txt", [1, 2])]))
                await inbox.wait(3)
                let texts = await inbox.events.map(\.content.text)
                #expect(
                    texts[0] == "big\n[file big.bin (3 MiB) was not fetched: more than the 1 MiB that is taken here]"
                )
                #expect(texts[1].hasPrefix("huge\n[file huge.bin (21 MiB) was not fetched: "))
                #expect(texts[2].hasPrefix("gone\n[file gone.txt (1 KiB) was not fetched: "))
                #expect(texts[2].contains("wrong file_id"))
                #expect(await inbox.events.allSatisfy(\.attachments.isEmpty))
            }
            #expect(try world.filesLeft().isEmpty)
        }
    }

    @Test func `a file whose download is cut is fetched again`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            try await world.withRunning(inbox) { _ in
                try await world.server.control("fault", ["mode": "drop", "on": "download"])
                _ = try await world.say(WorldSaid("", in: world.direct, files: [("x.txt", [7])]))
                await inbox.wait(1)
                #expect(await inbox.files == [[7]])
            }
        }
    }

    @Test func `another bot is one`() async throws {
        try await TelegramWorld.run { world in
            let robot = try await world.server.control("say", ["chat": "dm:alice", "text": "beep", "is_bot": true])
            // As live: bots do not see each other.
            #expect(robot[key: "delivered"]?.bool == false)
        }
    }

    @Test func `a deep link brings its code, and the link is the one that opens the bot`() async throws {
        try await TelegramWorld.run { world in
            let inbox = RecordingInbox()
            let link = try #require(world.platform.pairing(world.account, code: "BCDF-GHJK"))
            #expect(link == "https://t.me/judge_bot?start=BCDF-GHJK")
            #expect(world.platform.pairing(world.account, code: "no such code") == nil)
            try await world.withRunning(inbox) { _ in
                _ = try await world.say(WorldSaid("/start BCDF-GHJK", in: world.direct))
                await inbox.wait(1)
                #expect(await inbox.events.map(\.content.text) == ["BCDF-GHJK"])
            }
        }
    }
}
