import ChannelKit
import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelDiscord

/// What comes in, from the judge's gateway.
@Suite(.enabled(if: Judge.isOn), .serialized) struct InboundTests {
    @Test func messagesComeInOrderWithWhoAndWhere() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                let first = try await scene.say("hello", ["mention": true])
                try await scene.say("second", ["user": "bob"])
                try await scene.say("private", in: "dm:alice")
                let events = try await scene.inbox.events(3)
                let group = events.filter(\.isGroup)
                #expect(group.map(\.content.text) == ["hello", "second"])
                #expect(group[0].platformMessageID == first)
                #expect(group[0].address == scene.address("group"))
                #expect(group[0].senderNativeID == scene.user("alice"))
                #expect(group[0].senderName == "Alice")
                #expect(group[0].isMention && !group[1].isMention)
                let direct = try #require(events.first { !$0.isGroup })
                #expect(direct.address == scene.address("dm:alice"))
                #expect(direct.isMention)
            }
        }
    }

    @Test func repliesThreadsAndPostsOfForums() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { adapter in
                let sent = try await scene.send("question", by: adapter)
                try await scene.say("answer", ["reply_to": .string(sent.platformMessageID ?? "")])
                let thread = try await scene.judge.control("thread", ["chat": "group", "name": "Topic"])[key: "thread"]
                try await scene.say("inside", ["thread": thread ?? .null])
                let post = try await scene.judge.control("thread", ["chat": "forum", "name": "Post"])[key: "thread"]
                try await scene.say("posted", in: "forum", ["thread": post ?? .null])
                let events = try await scene.inbox.events(3)
                let answer = try #require(events.first { $0.content.text == "answer" })
                #expect(answer.repliesToAgent)
                #expect(answer.content.replyTo?.text == "question")
                let inside = try #require(events.first { $0.content.text == "inside" })
                #expect(inside.address == scene.address("group", thread: thread?.string))
                let posted = try #require(events.first { $0.content.text == "posted" })
                #expect(posted.address == scene.address("forum", thread: post?.string))
            }
        }
    }

    @Test func editsDeletionsAndReactions() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                let id = try await scene.say("one https://example.org")
                _ = try await scene.inbox.events(1)
                // A preview is no edit.
                try await scene.judge.control("unfurl", ["chat": "group", "message": .string(id)])
                try await scene.judge.control("edit", ["chat": "group", "message": .string(id), "text": "two"])
                try await scene.judge.control("unfurl", ["chat": "group", "message": .string(id)])
                for action in ["add", "remove", "add"] {
                    try await scene.judge.control(
                        "react",
                        ["chat": "group", "message": .string(id), "emoji": "🔥", "action": .string(action)]
                    )
                }
                try await scene.judge.control("delete", ["chat": "group", "message": .string(id)])
                let changes = try await scene.inbox.changes(5)
                #expect(
                    changes.map(\.kind) == [
                        .edited(platformMessageID: id, text: "two"),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: true),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: false),
                        .reaction(platformMessageID: id, emoji: "🔥", isAdded: true),
                        .deleted(platformMessageID: id),
                    ]
                )
                #expect(Set(changes.map(\.dedupKey)).count == 5)
                #expect(changes.allSatisfy { $0.address == scene.address("group") && $0.isGroup })
                #expect(changes[0].senderNativeID == scene.user("alice"))
            }
        }
    }

    @Test func filesComeAsTheyWere() async throws {
        try await DiscordScene.with(largest: 1_000) { scene in
            try await scene.running { _ in
                try await scene.say(
                    "look",
                    [
                        "files": [
                            ["name": "a.txt", "text": "abc", "mime": "text/plain"],
                            ["name": "big.bin", "size": 2_000],
                            ["name": "b.png", "text": "png", "mime": "image/png"],
                        ]
                    ]
                )
                let event = try await scene.inbox.events(1)[0]
                #expect(event.attachments.map(\.name) == ["a.txt", "b.png"])
                #expect(event.attachments.map(\.type) == ["document", "image"])
                #expect(await scene.inbox.files == ["a.txt": Array("abc".utf8), "b.png": Array("png".utf8)])
                #expect(event.content.text.hasPrefix("look\n[file big.bin (1 KiB) was not fetched:"))
                // The download is tried again; a file that is not there does not take the text with it.
                try await scene.judge.control("fault", ["mode": "5xx", "on": "download", "status": 503])
                try await scene.say("again", ["files": [["name": "c.txt", "text": "c"]]])
                _ = try await scene.inbox.events(2)
                try await scene.judge.control("fault", ["mode": "5xx", "on": "download", "status": 404, "count": 9])
                try await scene.say("gone", ["files": [["name": "d.txt", "text": "d"]]])
                let more = try await scene.inbox.events(3)
                #expect(more[1].attachments.map(\.name) == ["c.txt"])
                #expect(more[2].attachments.isEmpty)
                #expect(
                    more[2].content.text
                        == "gone\n[file d.txt (1 bytes) was not fetched: Discord answered with status 404]"
                )
                let left = try await offPool {
                    try FileManager.default.contentsOfDirectory(atPath: scene.tools.media.path)
                }
                #expect(left == [])
            }
        }
    }

    @Test func ownMessagesAreNoNewsAndBotsAreMarked() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { adapter in
                let sent = try await scene.send("mine", by: adapter)
                await scene.tools.echoes.wait(for: sent.platformMessageID ?? "")
                try await scene.say("theirs", ["is_bot": true])
                try await scene.say("last")
                let events = try await scene.inbox.events(2)
                #expect(events.map(\.content.text) == ["theirs", "last"])
                #expect(events.map(\.isBot) == [true, false])
            }
        }
    }

    @Test func aPressThatIsNotStoredInTimeIsAcknowledgedAllTheSame() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { adapter in
                let card = Card(title: "May I?", body: "", options: [CardOption(label: "Yes", value: "y")])
                let sent = try await adapter.deliver(scene.message(.card(card), to: scene.address("group")))
                let id = try #require(sent.platformMessageID)
                await scene.inbox.hold()
                let click = try await scene.judge.control(
                    "click",
                    ["chat": "group", "message": .string(id), "button": "Yes"]
                )
                let shown = try await scene.judge.control("wait", ["click": click[key: "click"] ?? .null])
                #expect(shown[key: "found"]?[key: "type"] == 6)
                #expect(await scene.inbox.answers.isEmpty)
                await scene.inbox.release()
                try await scene.inbox.wait("the press did not come") { $0.answers.count == 1 }
            }
        }
    }

    @Test func pressesAreStoredThenAcknowledgedAndAnswered() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { adapter in
                let card = Card(
                    title: "May I?",
                    body: "Really",
                    options: [
                        CardOption(label: "Yes", value: "y", style: .primary), CardOption(label: "No", value: "n"),
                    ]
                )
                let sent = try await adapter.deliver(scene.message(.card(card), to: scene.address("group")))
                let id = try #require(sent.platformMessageID)
                // The store refuses twice: what is acknowledged is stored.
                await scene.inbox.fail(2)
                let fields: JSONValue = ["chat": "group", "message": .string(id), "button": "No", "user": "bob"]
                let click = try await scene.judge.control("click", fields)[key: "click"] ?? .null
                let shown = try await scene.judge.control("wait", ["click": click])[key: "found"]
                #expect(shown?[key: "type"] == 6)
                let answer = try #require(await scene.inbox.answers.first)
                #expect(answer.card == card.id)
                #expect(answer.choice == .index(1))
                #expect(answer.senderNativeID == scene.user("bob"))
                #expect(answer.platformMessageID == id)
                #expect(answer.address == scene.address("group"))
                // Who may not answer is told, and nobody else.
                await scene.inbox.answerWith(.refused("Only Ann may answer."))
                try await scene.judge.control("click", fields)
                try await scene.judge.control("wait", ["requests": ["name": "POST /webhooks/:id/:token"]])
                let told = try await scene.requests("POST /webhooks/:id/:token")
                #expect(told[0][key: "body"]?[key: "content"] == "Only Ann may answer.")
                #expect(told[0][key: "body"]?[key: "flags"] == 68)
                // The end of the card takes its buttons away.
                _ = try await adapter.deliver(
                    scene.message(.edit(platformMessageID: id, text: "**May I?**\n\nNo"), to: scene.address("group"))
                )
                let message = try await scene.messages().first { $0[key: "id"]?.string == id }
                #expect(message?[key: "buttons"]?.array == [])
            }
        }
    }

    @Test func slashCommandsComeAsMessages() async throws {
        try await DiscordScene.with { scene in
            try await scene.running { _ in
                try await scene.judge.control("wait", ["requests": ["name": "PUT /applications/:id/commands"]])
                let click = try await scene.judge.control("command", ["chat": "group", "name": "stop"])[key: "click"]
                let shown = try await scene.judge.control("wait", ["click": click ?? .null])[key: "found"]
                #expect(shown?[key: "type"] == 5)
                try await scene.judge.control(
                    "command",
                    ["chat": "dm:bob", "name": "link", "text": "ABCD-EFGH", "user": "bob"]
                )
                let events = try await scene.inbox.events(2)
                let stop = try #require(events.first { $0.isGroup })
                #expect(stop.content.text == "/stop")
                #expect(stop.isMention)
                #expect(stop.senderNativeID == scene.user("alice"))
                #expect(stop.address == scene.address("group"))
                let link = try #require(events.first { !$0.isGroup })
                #expect(link.content.text == "/link ABCD-EFGH")
                #expect(link.address == scene.address("dm:bob"))
                try await scene.judge.control(
                    "wait",
                    ["requests": ["name": "PATCH /webhooks/:id/:token/messages/@original", "count": 2]]
                )
            }
            // Commands that stand are not told again.
            try await scene.running { _ in
                try await scene.say("hello")
                _ = try await scene.inbox.events(3)
                #expect(try await scene.requests("PUT /applications/:id/commands").count == 1)
            }
        }
    }
}
