import ChannelKit
import ChannelNetwork
import Core
import GRDB
import JudgeSupport
import LinuxIO
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Encrypted Matrix rooms, with Synapse and matrix-nio", .enabled(if: Judge.isOn), .timeLimit(.minutes(3)))
struct EncryptedRoomTests {
    /// Nothing of a room was sent in clear text: all its messages are encrypted on the server.
    private func expectNothingInClear(_ scene: RoomScene) async throws {
        let query = [("dir", "b"), ("limit", "100")]
        let page = try await scene.bot.client.call(.get, ["rooms", scene.room, "messages"], query: query)
        let types = (page[key: "chunk"]?.array ?? []).compactMap { $0[key: "type"]?.string }
        #expect(types.contains("m.room.encrypted"))
        #expect(!types.contains("m.room.message"))
    }

    @Test("Texts, answers, threads, edits and reactions go both ways, and none in clear")
    func conversation() async throws {
        try await RoomScene.with(isEncrypted: true) { scene, channel in
            // At once, before anything of the room was handed over.
            try await channel.post(.text("first", files: []), to: scene.address)
            _ = try await scene.answers(1, contains: "first")
            let id = try await scene.ann.say("hello", in: scene.room)
            let hello = try await scene.inbox.event(saying: "hello")
            #expect(hello.metadata == ["encrypted": true])
            #expect(!hello.isGroup)
            let sent = try await channel.post(.text("my words", files: []), to: scene.address, quotes: id)
            let own = try #require(sent.platformMessageID)
            let shown = try #require(try await scene.answers(2).last)
            #expect(shown[key: "text"]?.string == "my words")
            #expect(shown[key: "encrypted"]?.bool == true)
            #expect(shown[key: "reply_to"]?.string == id)
            try await scene.ann.say("and?", in: scene.room, ["reply_to": .string(own)])
            let reply = try await scene.inbox.event(saying: "and?")
            #expect(reply.repliesToAgent)
            #expect(reply.content.replyTo?.text == "my words")
            try await scene.ann.say("aside", in: scene.room, ["thread": .string(id)])
            #expect(try await scene.inbox.event(saying: "aside").address.thread == id)
            try await channel.post(.edit(platformMessageID: own, text: "better words"), to: scene.address)
            try await scene.ann.judge.control(
                "wait",
                ["messages": ["chat": .string(scene.room), "count": 1, "contains": "better words", "edited": true]]
            )
            try await scene.ann.act("edit", in: scene.room, ["message": .string(id), "text": "hello again"])
            _ = try await scene.inbox.change("the edit") {
                $0.kind == .edited(platformMessageID: id, text: "hello again")
            }
            try await channel.post(.reaction(platformMessageID: id, emoji: "🎉"), to: scene.address)
            try await scene.ann.judge.control(
                "wait",
                ["reaction": ["chat": .string(scene.room), "message": .string(id), "emoji": "🎉"]]
            )
            try await expectNothingInClear(scene)
        }
    }

    @Test("Files go both ways, encrypted")
    func files() async throws {
        try await RoomScene.with(isEncrypted: true) { scene, channel in
            let bytes = (0..<70_001).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let file = try outboundFile("notes.txt", bytes, in: scene.folder)
            try await channel.post(.text("", files: [file]), to: scene.address)
            let shown = try #require(try await scene.answers(1).first?[key: "files"]?.array?.first)
            #expect(shown[key: "size"]?.integer == 70_001)
            #expect(shown[key: "name"]?.string == "notes.txt")
            let given: JSONValue = [["name": "in.txt", "text": "what is inside", "mime": "text/plain"]]
            try await scene.ann.judge.control("say", ["chat": .string(scene.room), "files": given])
            try await scene.inbox.wait("the file") { handed in
                handed.contains { if case .event(let event) = $0 { !event.attachments.isEmpty } else { false } }
            }
            let event = try #require(await scene.inbox.events.first { !$0.attachments.isEmpty })
            #expect(await scene.inbox.files[event.platformMessageID] == Array("what is inside".utf8))
            let media = "\(scene.folder)/media"
            try await eventually("no file is left") { try await offPool { try Directory(path: media).names().isEmpty } }
        }
    }

    @Test("Sessions survive a restart, and what was said meanwhile is read")
    func restart() async throws {
        try await RoomScene.make(isEncrypted: true) { scene in
            try await scene.bot.running(scene.inbox) { channel in
                try await scene.arrival(scene.room)
                try await scene.ann.say("one", in: scene.room)
                _ = try await scene.inbox.event(saying: "one")
                try await channel.post(.text("two", files: []), to: scene.address)
                _ = try await scene.answers(1, contains: "two")
            }
            try await scene.ann.say("three", in: scene.room)
            let inbox = RecordingInbox()
            try await scene.bot.running(inbox) { channel in
                _ = try await inbox.event(saying: "three")
                try await channel.post(.text("four", files: []), to: scene.address)
                let answers = try await scene.answers(2)
                #expect(answers.compactMap { $0[key: "text"]?.string } == ["two", "four"])
                #expect(answers.allSatisfy { $0[key: "undecryptable"]?.bool == false })
                // One session has carried both, each number of it once.
                let store = try await offPool { try MatrixStore(folder: scene.bot.tools.folder) }
                let messages = try await store.read { db in
                    try Int.fetchAll(db, sql: "SELECT messages FROM senders")
                }
                #expect(messages == [2])
            }
        }
    }

    @Test("In a room of several everybody reads, each on every device, new ones too")
    func group() async throws {
        try await RoomScene.make(isEncrypted: true, invites: "all") { scene in
            let bob = try await Person.start(
                try await Homeserver.shared.person("bob"),
                bot: scene.bot.name,
                isEncrypting: true
            )
            let group = try await scene.ann.makeRoom("team", invite: [scene.bot.id, bob.id], isEncrypted: true)
            try await bob.join(group)
            try await scene.bot.running(scene.inbox) { channel in
                try await scene.arrival(group)
                let address = MatrixID.address(of: group, account: scene.bot.id)
                try await channel.post(.text("to all", files: []), to: address)
                for person in [scene.ann, bob] {
                    let shown = try #require(try await person.messages(1, from: scene.bot.name, in: group).first)
                    #expect(shown[key: "text"]?.string == "to all")
                }
                try await bob.say("from Bob", in: group)
                let heard = try await scene.inbox.event(saying: "from Bob")
                #expect(heard.senderNativeID == bob.id)
                #expect(heard.isGroup)
                // A new device of Ann's, between two messages.
                let laptop = try await Person.start(
                    scene.ann.name,
                    bot: scene.bot.name,
                    device: "LAPTOP",
                    isEncrypting: true
                )
                try await channel.post(.text("to the laptop too", files: []), to: address)
                let seen = try await laptop.messages(1, from: scene.bot.name, in: group, contains: "laptop")
                #expect(seen.last?[key: "undecryptable"]?.bool == false)
                try await laptop.say("from the laptop", in: group)
                _ = try await scene.inbox.event(saying: "from the laptop")
                // Bob goes; the next message has another key.
                try await bob.act("membership", in: group, ["action": "leave"])
                try await eventually("a room without Bob") {
                    try await scene.bot.client.members(of: group)[bob.id] == nil
                }
                let before = try await scene.sessions(of: group)
                try await scene.ann.say("he is gone", in: group)
                _ = try await scene.inbox.event(saying: "he is gone")
                try await channel.post(.text("without Bob", files: []), to: address)
                #expect(try await scene.sessions(of: group) != before)
                _ = try await scene.ann.messages(1, from: scene.bot.name, in: group, contains: "without Bob")
            }
        }
    }

    @Test("A room that is encrypted later gets nothing in clear from then on")
    func encryptedLater() async throws {
        try await RoomScene.make(isEncrypted: true) { scene in
            let plain = try await scene.ann.makeRoom("later", invite: [scene.bot.id], isDirect: true)
            try await scene.bot.running(scene.inbox) { channel in
                try await scene.arrival(plain)
                let address = MatrixID.address(of: plain, account: scene.bot.id)
                try await channel.post(.text("open", files: []), to: address)
                let client = try await scene.ann.client()
                try await client.call(
                    .put,
                    ["rooms", plain, "state", "m.room.encryption", ""],
                    body: ["algorithm": .string(Megolm.algorithm)]
                )
                try await eventually("Ann's client knows") {
                    let world = try await scene.ann.judge.control("world")
                    return world[key: "rooms"]?[key: plain]?[key: "encrypted"]?.bool == true
                }
                try await scene.ann.say("closed now", in: plain)
                #expect(try await scene.inbox.event(saying: "closed now").metadata == ["encrypted": true])
                try await channel.post(.text("secret", files: []), to: address)
                let shown = try await scene.ann.messages(2, from: scene.bot.name, in: plain)
                #expect(shown.map { $0[key: "encrypted"]?.bool } == [false, true])
            }
        }
    }

    @Test("A message whose key does not come is told as such, and read when it comes")
    func lateKey() async throws {
        try await RoomScene.make(isEncrypted: true) { scene in
            let account = try await scene.ann.client()
            let sender = try await account.whoami()
            let device = try #require(sender.device)
            // Ann writes by hand, so that her key comes when the test wants.
            let machine = try await OlmMachine(
                store: try await offPool { try MatrixStore(folder: scene.folder) },
                secret: SecretBytes.random(32),
                me: DeviceID(user: sender.user, device: device),
                time: SystemTime()
            )
            let crypto = RoomCrypto(machine: machine, client: account, logger: scene.bot.tools.logger)
            try await crypto.publish(count: 0, hasUnusedFallbackKey: false)
            try await scene.bot.running(scene.inbox) { _ in
                try await scene.arrival(scene.room)
                let stale = try await machine.stale(among: [scene.bot.id])
                _ = try await machine.takeDevices(try await account.queryKeys(of: [scene.bot.id]), of: stale)
                let plan = try await machine.plan(scene.room, for: [scene.bot.id], .standard)
                _ = try await machine.takeClaimed(
                    try await account.claimKeys(plan.missing.map(\.id)),
                    for: plan.missing
                )
                let share = try await machine.share(plan, with: plan.missing)
                let content = try await machine.encrypt(
                    ["msgtype": "m.text", "body": "late"],
                    type: "m.room.message",
                    by: plan
                )
                let id = try await account.send(content, type: "m.room.encrypted", to: scene.room, transaction: "t1")
                try await scene.inbox.wait("the word on it") { handed in
                    handed.contains { if case .event(let event) = $0 { event.platformMessageID == id } else { false } }
                }
                let told = try #require(await scene.inbox.events.first { $0.platformMessageID == id })
                #expect(told.content.text == "[An encrypted message that could not be read: its key has not come.]")
                #expect(told.metadata == ["encrypted": true, "undecryptable": true])
                try await account.sendToDevices("m.room.encrypted", share.messages, transaction: "t2")
                let change = try await scene.inbox.change("the text") {
                    $0.kind == .edited(platformMessageID: id, text: "late")
                }
                #expect(change.dedupKey != told.dedupKey)
            }
        }
    }
}

extension EncryptedRoomTests {
    @Test("What stands in an encrypted room in clear decides and changes nothing")
    func inClear() async throws {
        try await RoomScene.with(isEncrypted: true) { scene, channel in
            let hello = try await scene.ann.say("hello", in: scene.room)
            _ = try await scene.inbox.event(saying: "hello")
            let client = try await scene.ann.client()
            func clear(_ content: JSONValue, _ transaction: String) async throws {
                _ = try await client.send(content, type: "m.room.message", to: scene.room, transaction: transaction)
            }
            try await clear(["msgtype": "m.text", "body": "1"], "a")
            let number = try await scene.inbox.event(saying: "1")
            #expect(number.metadata == ["encrypted": false])
            #expect(number.requiresCode)
            try await clear(
                [
                    "msgtype": "m.text", "body": "* forged",
                    "m.new_content": ["msgtype": "m.text", "body": "forged"],
                    "m.relates_to": ["rel_type": "m.replace", "event_id": .string(hello)],
                ],
                "b"
            )
            let card = Card(
                title: "Pay?",
                body: "5 €",
                options: [CardOption(label: "Yes", value: "y"), CardOption(label: "No", value: "n")],
                code: "K7"
            )
            let sent = try await channel.post(.card(card), to: scene.address)
            let event = try #require(sent.platformMessageID)
            _ = try await scene.answers(1, contains: "Answer with a number")
            try await scene.ann.act("react", in: scene.room, ["message": .string(event), "emoji": "1️⃣"])
            _ = try await scene.answers(1, contains: "a reaction decides nothing")
            // Encrypted, all of it counts.
            try await scene.ann.say("2", in: scene.room)
            #expect(try await scene.inbox.event(saying: "2").requiresCode == false)
            #expect(await scene.inbox.answers.isEmpty)
            #expect(await scene.inbox.changes.allSatisfy { if case .edited = $0.kind { false } else { true } })
        }
    }
}

extension RoomScene {
    /// The session by which the account sends to a room.
    func sessions(of room: String) async throws -> [String] {
        let store = try await offPool { try MatrixStore(folder: bot.tools.folder) }
        return try await store.read { db in
            try String.fetchAll(db, sql: "SELECT session FROM senders WHERE room = ?", arguments: [room])
        }
    }
}

/// Looks until it is so; throws after ten seconds.
func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
    for _ in 0..<200 {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw Judge.Failure(description: "not so: \(what)")
}
