import Core
import Glibc
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Encryption between devices")
struct OlmMachineTests {
    /// Ann with a phone, and the bot; each with a store of its own that another machine may open again.
    struct Scene: Sendable {
        let folder: String
        let time = ManualTime()
        let talk = Correspondence()
        let secret = SecretBytes(Array("a secret of the test".utf8))

        func machine(_ user: String, _ device: String, secret: SecretBytes? = nil) async throws -> OlmMachine {
            let path = "\(folder)/\(user.filter(\.isLetter))-\(device)"
            mkdir(path, 0o700)
            return try await OlmMachine(
                store: MatrixStore(folder: path),
                secret: secret ?? self.secret,
                me: DeviceID(user: user, device: device),
                time: time
            )
        }
    }

    static let bot = "@bot:hs"
    static let ann = "@ann:hs"

    private func withScene(_ body: (Scene, _ bot: OlmMachine, _ ann: OlmMachine) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let scene = Scene(folder: folder)
            let bot = try await scene.machine(Self.bot, "BOT")
            let ann = try await scene.machine(Self.ann, "PHONE")
            try await scene.talk.add(bot)
            try await scene.talk.add(ann)
            try await body(scene, bot, ann)
        }
    }

    private let both: Set<String> = [bot, ann]

    @Test("What one device writes the other reads, both ways")
    func roundTrip() async throws {
        try await withScene { scene, bot, ann in
            let out = try await scene.talk.send("hello", from: bot, to: both)
            #expect(try await scene.talk.read(out.event, ann).text == "hello")
            // Its own messages too, for quotes.
            #expect(try await scene.talk.read(out.event, bot).text == "hello")
            let back = try await scene.talk.send("hi", from: ann, to: both)
            #expect(try await scene.talk.read(back.event, bot).text == "hi")
            #expect(out.event.content[key: "ciphertext"]?.string?.contains("hello") == false)
        }
    }

    @Test("Sessions live on in the store, and no key of a ratchet is used twice by those who open it again")
    func restart() async throws {
        try await withScene { scene, bot, ann in
            let first = try await scene.talk.send("one", from: bot, to: both)
            // The event is made and never leaves; the process ends there.
            let lost = try await bot.encrypt(["body": "lost"], type: "m.room.message", by: first.plan)
            let again = try await scene.machine(Self.bot, "BOT")
            await scene.talk.replace(again)
            #expect(again.keys == bot.keys)
            let second = try await scene.talk.send("two", from: again, to: both)
            #expect(second.plan.session == first.plan.session)
            #expect(second.plan.missing.isEmpty)
            #expect(second.event.content[key: "ciphertext"] != lost[key: "ciphertext"])
            #expect(try await scene.talk.read(second.event, ann).text == "two")
            // Had an index served twice, the second event with it would be a replay.
            let found = try await scene.talk.event(lost, from: Self.bot)
            #expect(try await scene.talk.read(found, ann).text == "lost")
            let reply = try await scene.talk.send("three", from: ann, to: both)
            #expect(try await scene.talk.read(reply.event, again).text == "three")
        }
    }

    @Test("The same number of a session in another event is a replay; the same event again is none")
    func replay() async throws {
        try await withScene { scene, bot, ann in
            let out = try await scene.talk.send("pay 5", from: ann, to: both)
            #expect(try await scene.talk.read(out.event, bot).text == "pay 5")
            #expect(try await scene.talk.read(out.event, bot).text == "pay 5")
            let copy = try await scene.talk.event(out.event.content, from: Self.ann, id: "$copy")
            #expect(try await scene.talk.read(copy, bot) == .replayed)
        }
    }

    @Test("An event is read in its own room only")
    func otherRoom() async throws {
        try await withScene { scene, bot, ann in
            let out = try await scene.talk.send("here", from: ann, to: both)
            guard case .missingKey = try await scene.talk.read(out.event, bot, in: "!other") else {
                Issue.record("the key of one room opened an event of another")
                return
            }
        }
    }

    @Test("A session ends after so many messages, so much time, and when a reader leaves; not when one comes")
    func rotation() async throws {
        try await withScene { scene, bot, ann in
            let bob = try await scene.machine("@bob:hs", "PHONE")
            try await scene.talk.add(bob)
            let small = MegolmRotation(messages: 2, age: .seconds(3_600))
            func session(_ people: Set<String>) async throws -> String {
                try await scene.talk.send("x", from: bot, to: people, rotation: small).plan.session
            }
            let first = try await session(both)
            #expect(try await session(both) == first)
            let second = try await session(both)
            #expect(second != first)
            scene.time.advance(by: .seconds(3_601))
            let third = try await session(both)
            #expect(third != second)
            let all = both.union(["@bob:hs"])
            let before = try await scene.talk.send("x", from: bot, to: both, in: "!group")
            let joined = try await scene.talk.send("welcome", from: bot, to: all, in: "!group")
            #expect(joined.plan.session == before.plan.session)
            #expect(try await scene.talk.read(joined.event, bob, in: "!group").text == "welcome")
            // What was said before is not for whoever comes later.
            guard case .missingKey = try await scene.talk.read(before.event, bob, in: "!group") else {
                Issue.record("a newcomer reads what was said before")
                return
            }
            let left = try await scene.talk.send("secret", from: bot, to: both, in: "!group")
            #expect(left.plan.session != joined.plan.session)
            guard case .missingKey = try await scene.talk.read(left.event, bob, in: "!group") else {
                Issue.record("whoever has left reads on")
                return
            }
            #expect(try await scene.talk.read(left.event, ann, in: "!group").text == "secret")
        }
    }

    @Test("A new device of a reader gets the key before the next message; one that is gone ends the session")
    func newDevice() async throws {
        try await withScene { scene, bot, ann in
            let first = try await scene.talk.send("one", from: bot, to: both)
            let laptop = try await scene.machine(Self.ann, "LAPTOP")
            try await scene.talk.add(laptop)
            try await bot.devicesChanged(of: [Self.ann])
            let second = try await scene.talk.send("two", from: bot, to: both)
            #expect(second.plan.session == first.plan.session)
            #expect(second.plan.missing.map(\.id.device) == ["LAPTOP"])
            #expect(try await scene.talk.read(second.event, laptop).text == "two")
            await scene.talk.change { $0.remove(laptop.me) }
            try await bot.devicesChanged(of: [Self.ann])
            let third = try await scene.talk.send("three", from: bot, to: both)
            #expect(third.plan.session != second.plan.session)
            #expect(try await scene.talk.read(third.event, ann).text == "three")
        }
    }

    @Test("A change that comes while devices are asked for is not lost")
    func changeDuringQuery() async throws {
        try await withScene { scene, bot, _ in
            let asked = try await bot.stale(among: [Self.ann])
            try await bot.devicesChanged(of: [Self.ann])
            _ = try await bot.takeDevices(await scene.talk.server.query(asked), of: asked)
            #expect(try await bot.stale(among: [Self.ann]).map(\.user) == [Self.ann])
        }
    }

    @Test("What was stored is of no use without its secret")
    func otherSecret() async throws {
        try await withScene { scene, bot, _ in
            let error = await #expect(throws: OlmError.self) {
                try await scene.machine(Self.bot, "BOT", secret: SecretBytes(Array("another".utf8)))
            }
            #expect(error?.code == .badPickle)
            // Another device of the same account begins anew.
            let other = try await scene.machine(Self.bot, "OTHER")
            #expect(other.keys != bot.keys)
            var status = stat()
            #expect(stat("\(scene.folder)/boths-BOT/matrix.db", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test("One-time keys are made as the server runs out, come again until it has them, and never twice")
    func publishing() async throws {
        try await withTemporaryDirectory { folder in
            let scene = Scene(folder: folder)
            let bot = try await scene.machine(Self.bot, "BOT")
            let first = try #require(try await bot.keysToPublish(count: 0, hasUnusedFallbackKey: false))
            #expect(first[key: "one_time_keys"]?.object?.count == 50)
            #expect(first[key: "fallback_keys"]?.object?.count == 1)
            // The answer was lost.
            let again = try #require(try await bot.keysToPublish(count: 0, hasUnusedFallbackKey: false))
            #expect(again == first)
            try await bot.published()
            #expect(try await bot.keysToPublish(count: 50, hasUnusedFallbackKey: true) == nil)
            #expect(try await bot.keysToPublish(count: nil, hasUnusedFallbackKey: nil) == nil)
            let more = try #require(try await bot.keysToPublish(count: 10, hasUnusedFallbackKey: false))
            #expect(more[key: "device_keys"] == nil)
            #expect(more[key: "one_time_keys"]?.object?.count == 40)
            let old = first[key: "fallback_keys"]?.object ?? [:]
            let new = more[key: "fallback_keys"]?.object ?? [:]
            #expect(new.count == 1)
            #expect(Set(new.keys).isDisjoint(with: old.keys))
        }
    }
}
