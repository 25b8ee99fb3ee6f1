import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Coming into rooms and staying in touch, with Synapse", .enabled(if: Judge.isOn), .timeLimit(.minutes(3)))
struct RoomLifeTests {
    @Test("What is written into a room for two before the account has come is handed over")
    func beforeArrival() async throws {
        try await RoomScene.make { scene in
            try await scene.ann.say("ABCD2345", in: scene.room)
            try await scene.bot.running(scene.inbox) { _ in
                let code = try await scene.inbox.event(saying: "ABCD2345")
                #expect(!code.isGroup)
            }
        }
    }

    @Test("The account does not answer what was said before its first sync")
    func history() async throws {
        try await RoomScene.make { scene in
            try await scene.bot.client.join(scene.room, via: nil)
            try await scene.ann.say("long ago", in: scene.room)
            try await scene.bot.running(scene.inbox) { _ in
                try await scene.ann.say("now", in: scene.room)
                _ = try await scene.inbox.event(saying: "now")
                #expect(await scene.inbox.events.map(\.content.text) == ["now"])
            }
        }
    }

    @Test("Rooms of several are entered when whoever asks is welcome, refused else; a third person makes a group")
    func invitations() async throws {
        try await RoomScene.with { scene, channel in
            let bob = try await Person.start(try await Homeserver.shared.person("bob"), bot: scene.bot.name)
            let refused = try await bob.makeRoom("club", invite: [scene.bot.id])
            try await waitForMembership(of: scene.bot.id, in: refused, "leave", as: bob)
            await scene.inbox.welcome(scene.ann.id)
            let group = try await scene.ann.makeRoom("team", invite: [scene.bot.id, bob.id])
            try await bob.join(group)
            try await scene.arrival(group)
            try await scene.ann.say("no mention", in: group)
            let plain = try await scene.inbox.event(saying: "no mention")
            #expect(plain.isGroup)
            #expect(!plain.isMention)
            try await bob.say("look", in: group, ["mention": true])
            let mention = try await scene.inbox.event(saying: "look")
            #expect(mention.isMention)
            #expect(mention.senderNativeID == bob.id)

            // Ann brings Bob into the room for two: what is said there is not for one person any more, whoever leaves.
            try await scene.ann.act("membership", in: scene.room, ["action": "invite", "user": .string(bob.id)])
            try await bob.join(scene.room)
            try await bob.say("me too", in: scene.room)
            #expect(try await scene.inbox.event(saying: "me too").isGroup)
            try await bob.act("membership", in: scene.room, ["action": "leave"])
            try await scene.ann.say("alone again", in: scene.room)
            #expect(try await scene.inbox.event(saying: "alone again").isGroup)
            // The account is sent away.
            try await scene.ann.act("membership", in: group, ["action": "kick", "user": .string(scene.bot.id)])
            _ = try await scene.inbox.change("the end") { $0.kind == .membership(isMember: false) }
            let error = await #expect(throws: ChannelError.self) {
                try await channel.post(.text("hello?", files: []), to: plain.address)
            }
            #expect(error?.code == .rejected)
        }
    }

    @Test("What was said while the account was away comes in order, also when it is more than a sync holds")
    func backlog() async throws {
        try await RoomScene.make { scene in
            try await scene.bot.running(scene.inbox) { _ in
                try await scene.arrival(scene.room)
                try await scene.ann.say("before", in: scene.room)
                _ = try await scene.inbox.event(saying: "before")
            }
            for number in 1...70 { try await scene.ann.say("line \(number)", in: scene.room) }
            let inbox = RecordingInbox()
            try await scene.bot.running(inbox) { _ in
                _ = try await inbox.event(saying: "line 70")
                let texts = await inbox.events.map(\.content.text)
                #expect(texts.filter { $0.hasPrefix("line") } == (1...70).map { "line \($0)" })
            }
        }
    }

    @Test("What the host could not store is handed over again, in order, before the sync goes on")
    func storeFailure() async throws {
        try await RoomScene.with { scene, _ in
            await scene.inbox.fail(2)
            try await scene.ann.say("first", in: scene.room)
            try await scene.ann.say("second", in: scene.room)
            _ = try await scene.inbox.event(saying: "second")
            #expect(await scene.inbox.events.map(\.content.text) == ["first", "second"])
        }
    }

    @Test("An event that is nested beyond all bounds stops nothing")
    func nested() async throws {
        try await RoomScene.with { scene, _ in
            let client = try await scene.ann.client()
            let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
            let path = ["rooms", scene.room, "send", "m.room.message", "t1"]
            var call = try client.request(.put, "client/v3", path)
            call.body = .json("{\"msgtype\": \"m.text\", \"body\": \"deep\", \"x\": \(deep)}")
            let reply = try await client.send(call)
            #expect(reply.isSuccess)
            _ = try await scene.inbox.event(saying: "deep")
            try await scene.ann.say("after", in: scene.room)
            _ = try await scene.inbox.event(saying: "after")
        }
    }

    @Test("Everybody moves to another room: the account follows, and the host is told before anything is said there")
    func tombstone() async throws {
        try await RoomScene.with { scene, _ in
            await scene.inbox.welcome(scene.ann.id)
            let old = try await scene.ann.makeRoom("old", invite: [scene.bot.id])
            try await scene.arrival(old)
            let client = try await scene.ann.client()
            let upgraded = try await client.call(.post, ["rooms", old, "upgrade"], body: ["new_version": "10"])
            let next = try #require(upgraded[key: "replacement_room"]?.string)
            try await client.call(.post, ["rooms", next, "invite"], body: ["user_id": .string(scene.bot.id)])
            let moved = try await scene.inbox.change("the move") { change in
                change.kind == .moved(platformID: MatrixID.address(of: next, account: scene.bot.id).platformID)
            }
            #expect(moved.address == MatrixID.address(of: old, account: scene.bot.id))
            try await scene.ann.say("here now", in: next)
            let event = try await scene.inbox.event(saying: "here now")
            #expect(event.address == MatrixID.address(of: next, account: scene.bot.id))
        }
    }

    @Test("A room in which the account is already takes the place of another when it says so")
    func knownSuccessor() async throws {
        try await RoomScene.with { scene, _ in
            await scene.inbox.welcome(scene.ann.id)
            let old = try await scene.ann.makeRoom("old", invite: [scene.bot.id])
            try await scene.arrival(old)
            let client = try await scene.ann.client()
            func room(after predecessor: String?) async throws -> String {
                var body: [String: JSONValue] = ["preset": "private_chat", "invite": [.string(scene.bot.id)]]
                if let predecessor {
                    body["creation_content"] = ["predecessor": ["room_id": .string(predecessor), "event_id": "$last"]]
                }
                let made = try await client.call(.post, ["createRoom"], body: .object(body))
                let id = try #require(made[key: "room_id"]?.string)
                try await scene.arrival(id)
                return id
            }
            let stranger = try await room(after: nil)
            let next = try await room(after: old)
            for replacement in [stranger, next] {
                try await client.call(
                    .put,
                    ["rooms", old, "state", "m.room.tombstone", ""],
                    body: ["body": "moved", "replacement_room": .string(replacement)]
                )
            }
            let moved = try await scene.inbox.change("the move") { change in
                if case .moved = change.kind { true } else { false }
            }
            #expect(
                moved.kind == .moved(platformID: MatrixID.address(of: next, account: scene.bot.id).platformID),
                "the first one says nothing of a predecessor"
            )
        }
    }

    @Test("A room that does not say that it takes another's place is left, unless whoever named it is welcome")
    func falseSuccessor() async throws {
        try await RoomScene.with { scene, _ in
            await scene.inbox.welcome(scene.ann.id)
            let old = try await scene.ann.makeRoom("old", invite: [scene.bot.id])
            try await scene.arrival(old)
            await scene.inbox.unwelcome(scene.ann.id)
            let client = try await scene.ann.client()
            let made = try await client.call(.post, ["createRoom"], body: ["preset": "public_chat"])
            let other = try #require(made[key: "room_id"]?.string)
            try await client.call(
                .put,
                ["rooms", old, "state", "m.room.tombstone", ""],
                body: ["body": "moved", "replacement_room": .string(other)]
            )
            try await waitForMembership(of: scene.bot.id, in: other, "leave", as: scene.ann)
            let moves = await scene.inbox.changes.filter { if case .moved = $0.kind { true } else { false } }
            #expect(moves.isEmpty, "the chat stays where it is")
        }
    }

    @Test("A chat for two leads a stranger's crowd nowhere")
    func strangersTombstone() async throws {
        try await RoomScene.with { scene, _ in
            let bob = try await Person.start(try await Homeserver.shared.person("bob"), bot: scene.bot.name)
            let client = try await scene.ann.client()
            let made = try await client.call(
                .post,
                ["createRoom"],
                body: ["preset": "public_chat", "invite": [.string(bob.id)]]
            )
            let crowd = try #require(made[key: "room_id"]?.string)
            try await bob.join(crowd)
            // Ann is welcome nowhere; the account is in a room for two with her.
            try await client.call(
                .put,
                ["rooms", scene.room, "state", "m.room.tombstone", ""],
                body: ["body": "moved", "replacement_room": .string(crowd)]
            )
            try await waitForMembership(of: scene.bot.id, in: crowd, "leave", as: bob)
        }
    }

    private func waitForMembership(
        of user: String,
        in room: String,
        _ membership: String,
        as person: Person
    ) async throws {
        let client = try await person.client()
        for _ in 0..<200 {
            let state = try await client.state("m.room.member", key: user, of: room)
            if state?[key: "membership"]?.string == membership { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Judge.Failure(description: "\(user) is not \(membership) in \(room)")
    }
}
