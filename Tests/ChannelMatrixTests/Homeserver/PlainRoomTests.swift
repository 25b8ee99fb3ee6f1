import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import LinuxIO
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Matrix rooms in clear text, with Synapse and matrix-nio", .enabled(if: Judge.isOn), .timeLimit(.minutes(3)))
struct PlainRoomTests {
    @Test("What Ann writes is handed over: text, answers, threads, edits, reactions, and what is taken back")
    func inbound() async throws {
        try await RoomScene.with { scene, channel in
            let id = try await scene.ann.say("hello", in: scene.room)
            let hello = try await scene.inbox.event(saying: "hello")
            #expect(hello.address == scene.address)
            #expect(hello.platformMessageID == id)
            #expect(hello.senderNativeID == scene.ann.id)
            #expect(hello.senderName == scene.ann.name)
            #expect(!hello.isGroup)
            #expect(hello.isMention)
            #expect(hello.metadata == nil)

            let sent = try await channel.post(.text("my words", files: []), to: scene.address)
            let own = try #require(sent.platformMessageID)
            _ = try await scene.answers(1)
            try await scene.ann.say("and?", in: scene.room, ["reply_to": .string(own)])
            let reply = try await scene.inbox.event(saying: "and?")
            #expect(reply.repliesToAgent)
            #expect(reply.content.replyTo?.platformMessageID == own)
            #expect(reply.content.replyTo?.text == "my words")
            try await scene.ann.say("mine", in: scene.room, ["reply_to": .string(id)])
            #expect(try await scene.inbox.event(saying: "mine").repliesToAgent == false)

            try await scene.ann.say("aside", in: scene.room, ["thread": .string(id)])
            let aside = try await scene.inbox.event(saying: "aside")
            #expect(aside.address == ChatAddress(channel: "matrix", platformID: scene.address.platformID, thread: id))
            #expect(aside.content.replyTo == nil)

            try await scene.ann.act("edit", in: scene.room, ["message": .string(id), "text": "hello again"])
            let edited = try await scene.inbox.change("the edit") {
                $0.kind == .edited(platformMessageID: id, text: "hello again")
            }
            #expect(edited.senderNativeID == scene.ann.id)
            #expect(edited.isMention)

            let react: [String: JSONValue] = ["message": .string(own), "emoji": "👍"]
            try await scene.ann.act("react", in: scene.room, react.merging(["action": "add"]) { $1 })
            _ = try await scene.inbox.change("the reaction") {
                $0.kind == .reaction(platformMessageID: own, emoji: "👍", isAdded: true)
            }
            try await scene.ann.act("react", in: scene.room, react.merging(["action": "remove"]) { $1 })
            _ = try await scene.inbox.change("the reaction's end") {
                $0.kind == .reaction(platformMessageID: own, emoji: "👍", isAdded: false)
            }
            let inThread = aside.platformMessageID
            try await scene.ann.act("delete", in: scene.room, ["message": .string(inThread)])
            let deleted = try await scene.inbox.change("the deletion") {
                $0.kind == .deleted(platformMessageID: inThread)
            }
            #expect(deleted.address.thread == id)
        }
    }

    @Test("What the account itself wrote is told as an echo and not handed over; what programs write is told as such")
    func ignored() async throws {
        try await RoomScene.with { scene, channel in
            try await scene.ann.say("beep", in: scene.room, ["is_bot": true])
            let sent = try await channel.post(.text("from me", files: []), to: scene.address)
            await scene.bot.tools.echoes.wait(for: try #require(sent.platformMessageID))
            try await scene.ann.say("last", in: scene.room)
            _ = try await scene.inbox.event(saying: "last")
            #expect(await scene.inbox.events.map(\.content.text) == ["beep", "last"])
            #expect(await scene.inbox.events.map(\.isBot) == [true, false])
        }
    }

    @Test("Who wrote a message sees that it was taken")
    func receipt() async throws {
        try await RoomScene.with { scene, _ in
            let id = try await scene.ann.say("hello", in: scene.room)
            _ = try await scene.inbox.event(saying: "hello")
            let client = try await scene.ann.client()
            try await eventually("the receipt") {
                let reply = try await client.call(.get, ["sync"], query: [("timeout", "0")])
                let room = reply[key: "rooms"]?[key: "join"]?[key: scene.room]
                return (room?[key: "ephemeral"]?[key: "events"]?.array ?? []).contains {
                    $0[key: "content"]?[key: id]?[key: "m.read"]?[key: scene.bot.id] != nil
                }
            }
        }
    }

    @Test("What the agent writes arrives: Markdown, long text, answers, threads, edits, reactions")
    func outbound() async throws {
        try await RoomScene.with { scene, channel in
            let id = try await scene.ann.say("hello", in: scene.room)
            _ = try await scene.inbox.event(saying: "hello")
            let first = try await channel.post(.text("plain words", files: []), to: scene.address, quotes: id)
            let own = try #require(first.platformMessageID)
            let shown = try #require(try await scene.answers(1).first)
            #expect(shown[key: "source"]?.string == "plain words")
            #expect(shown[key: "reply_to"]?.string == id)
            #expect(shown[key: "mentions"] == [:])

            let thread = MatrixID.address(of: scene.room, account: scene.bot.id, thread: id)
            try await channel.post(.text("in the thread", files: []), to: thread)
            let aside = try #require(try await scene.answers(2).last)
            #expect(aside[key: "thread"]?.string == id)
            #expect(aside[key: "reply_to"] == nil)

            try await channel.post(.edit(platformMessageID: own, text: "better words"), to: scene.address)
            try await scene.ann.judge.control(
                "wait",
                ["messages": ["chat": .string(scene.room), "count": 1, "contains": "better words", "edited": true]]
            )
            // Formatted, longer than one event, a fence across the cut.
            let code = (1...1_500).map { "let line\($0) = \"<&>\"" }.joined(separator: "\n")
            let long = "**Bold** [Ann](https://matrix.to/#/\(scene.ann.id))\n\n```swift\n\(code)\n```"
            let parts = try await channel.post(.text(long, files: []), to: scene.address)
            #expect(parts.parts > 1)
            let pieces = try await scene.answers(2 + parts.parts).suffix(parts.parts)
            #expect(pieces.first?[key: "html"]?.string?.contains("<strong>Bold</strong>") == true)
            #expect(pieces.first?[key: "mentions"] == ["user_ids": [.string(scene.ann.id)]])
            let text = pieces.compactMap { $0[key: "text"]?.string }.joined(separator: "\n")
            for number in [1, 700, 1_500] { #expect(text.contains("let line\(number) = \"<&>\"")) }

            try await channel.post(.reaction(platformMessageID: id, emoji: "🎉"), to: scene.address)
            // Put there already: that is as good.
            try await channel.post(.reaction(platformMessageID: id, emoji: "🎉"), to: scene.address)
            try await scene.ann.judge.control(
                "wait",
                ["reaction": ["chat": .string(scene.room), "message": .string(id), "emoji": "🎉"]]
            )
        }
    }

    @Test("Files go both ways; one that is too large never takes the text with it")
    func files() async throws {
        try await RoomScene.with { scene, channel in
            let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
            let file = try outboundFile("notes.txt", bytes, in: scene.folder)
            try await channel.post(.text("", files: [file]), to: scene.address)
            let shown = try #require(try await scene.answers(1).first?[key: "files"]?.array?.first)
            #expect(shown[key: "name"]?.string == "notes.txt")
            #expect(shown[key: "size"]?.integer == 70_000)

            let given: JSONValue = [["name": "in.txt", "text": "what is inside", "mime": "text/plain"]]
            try await scene.ann.judge.control("say", ["chat": .string(scene.room), "files": given])
            try await scene.inbox.wait("the file") { handed in
                handed.contains { if case .event(let event) = $0 { !event.attachments.isEmpty } else { false } }
            }
            let event = try #require(await scene.inbox.events.first { !$0.attachments.isEmpty })
            #expect(event.attachments.first?.name == "in.txt")
            #expect(event.attachments.first?.mediaType == "text/plain")
            #expect(await scene.inbox.files[event.platformMessageID] == Array("what is inside".utf8))

            let long = JSONValue.string(String(repeating: "x", count: 1_500_000))
            let large: JSONValue = [["name": "large.bin", "text": long, "mime": "application/octet-stream"]]
            try await scene.ann.judge.control("say", ["chat": .string(scene.room), "files": large])
            _ = try await scene.inbox.event(
                saying: "[file large.bin (1 MiB) was not fetched: it is larger than 1 MiB]"
            )
            let media = "\(scene.folder)/media"
            try await eventually("no file is left") { try await offPool { try Directory(path: media).names().isEmpty } }
            let tooLarge = try outboundFile("huge.bin", Array(repeating: 0, count: 3 << 20), in: scene.folder)
            try await channel.post(.text("see", files: [tooLarge]), to: scene.address)
            _ = try await scene.answers(1, contains: "huge.bin stays here")
        }
    }

    @Test("A number on a card answers it, and what is refused is said")
    func cards() async throws {
        try await RoomScene.with { scene, channel in
            let card = Card(
                title: "Pay?",
                body: "5 €",
                options: [CardOption(label: "Yes", value: "y"), CardOption(label: "No", value: "n")],
                code: "K7"
            )
            let sent = try await channel.post(.card(card), to: scene.address)
            let event = try #require(sent.platformMessageID)
            let shown = try await scene.answers(1, contains: "Answer with a number")
            #expect(shown.count == 1)
            try await scene.ann.act("react", in: scene.room, ["message": .string(event), "emoji": "2️⃣"])
            try await scene.inbox.wait("the answer") { handed in
                handed.contains { if case .answer = $0 { true } else { false } }
            }
            let answer = try #require(await scene.inbox.answers.first)
            #expect(answer.card == card.id)
            #expect(answer.choice == .index(1))
            #expect(answer.senderNativeID == scene.ann.id)
            #expect(answer.address == scene.address)
            await scene.inbox.refuse("Too late.")
            try await scene.ann.act("react", in: scene.room, ["message": .string(event), "emoji": "1️⃣"])
            let told = try await scene.answers(1, contains: "Too late.")
            #expect(told.last?[key: "kind"]?.string == "m.notice")
            // Another emoji on it is a reaction like any other.
            try await scene.ann.act("react", in: scene.room, ["message": .string(event), "emoji": "🎉"])
            _ = try await scene.inbox.change("the reaction") {
                $0.kind == .reaction(platformMessageID: event, emoji: "🎉", isAdded: true)
            }
        }
    }

    @Test("A direct chat is found again, or made; handles become ids")
    func directChats() async throws {
        try await RoomScene.with { scene, channel in
            // Handed over once the invitation is done with, and the account data says whose room it is.
            _ = try await scene.ann.say("hello", in: scene.room)
            _ = try await scene.inbox.event(saying: "hello")
            let ann = UserID(channel: "matrix", native: scene.ann.id)
            #expect(try await channel.openDM(ann) == scene.address)
            #expect(try await channel.openDM(UserID(channel: "matrix", native: "ann")) == nil)
            let bob = try await Person.start(try await Homeserver.shared.person("bob"), bot: scene.bot.name)
            let made = try #require(try await channel.openDM(UserID(channel: "matrix", native: bob.id)))
            #expect(try await channel.openDM(UserID(channel: "matrix", native: bob.id)) == made)
            #expect(try await channel.nativeID(of: "@\(bob.name)") == bob.id)
            #expect(try await channel.nativeID(of: "nobody-here") == nil)
            // What is sent before Bob comes waits for him; the room is encrypted from its first event on.
            try await channel.post(.text("are you there?", files: []), to: made)
            let room = try #require(MatrixID.room(made, account: scene.bot.id))
            #expect(try await scene.bot.client.state("m.room.encryption", of: room) != nil)
        }
    }
}
