import ChannelKit
import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Encryption against servers and people who lie")
struct HostileKeysTests {
    private static let bot = OlmMachineTests.bot
    private static let ann = OlmMachineTests.ann
    private let both: Set<String> = [bot, ann]

    private func withScene(
        _ body: (OlmMachineTests.Scene, _ bot: OlmMachine, _ ann: OlmMachine) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let scene = OlmMachineTests.Scene(folder: folder)
            let bot = try await scene.machine(Self.bot, "BOT")
            let ann = try await scene.machine(Self.ann, "PHONE")
            try await scene.talk.add(bot)
            try await scene.talk.add(ann)
            try await body(scene, bot, ann)
        }
    }

    @Test("Keys that a device has not signed are refused, and nothing is encrypted to it")
    func badSignature() async throws {
        try await withScene { scene, bot, ann in
            let mallory = try await scene.machine("@mallory:hs", "EVIL")
            await scene.talk.change { server in
                server.forge(ann.me) { fields in
                    var keys = fields["keys"]?.object ?? [:]
                    keys["curve25519:PHONE"] = .string(mallory.keys.curve25519)
                    fields["keys"] = .object(keys)
                }
            }
            let stale = try await bot.stale(among: both)
            let problems = try await bot.takeDevices(await scene.talk.server.query(stale), of: stale)
            #expect(problems == ["@ann:hs PHONE: bad signature"])
            #expect(try await bot.plan("!room", for: both, .standard).missing.isEmpty)
        }
    }

    @Test("A device whose fingerprint has changed is refused, the one that was known stays")
    func changedFingerprint() async throws {
        try await withScene { scene, bot, ann in
            _ = try await scene.talk.send("hello", from: bot, to: both)
            // The server puts another device in place of Ann's, well signed by itself.
            let other = try await OlmMachine(
                store: MatrixStore(folder: try temporaryFolder(scene.folder)),
                secret: scene.secret,
                me: ann.me,
                time: scene.time
            )
            var lying = KeyServer()
            lying.take(try #require(try await other.keysToPublish(count: 0, hasUnusedFallbackKey: true)), of: other)
            // The second time, too: what was refused has taken nothing away.
            for _ in 0..<2 {
                try await bot.devicesChanged(of: [Self.ann])
                let stale = try await bot.stale(among: both)
                let problems = try await bot.takeDevices(lying.query(stale), of: stale.filter { $0.user == Self.ann })
                #expect(problems == ["@ann:hs PHONE: its fingerprint has changed"])
            }
            let kept = try await bot.store.read { db in try bot.devices(of: [Self.ann], db) }
            #expect(kept.map(\.ed25519) == [ann.keys.ed25519])
        }
    }

    @Test("A one-time key that its device has not signed begins no session")
    func forgedOneTimeKey() async throws {
        try await withScene { scene, bot, ann in
            await scene.talk.change { server in
                server.forgeOneTimeKeys(of: ann.me) { key in
                    var fields = key.object ?? [:]
                    fields["key"] = .string(bot.keys.curve25519)
                    return .object(fields)
                }
            }
            let sent = try await scene.talk.send("hello", from: bot, to: both)
            #expect(try await bot.withoutSession(sent.plan.missing).map(\.id) == [ann.me])
            guard case .missingKey = try await scene.talk.read(sent.event, ann) else {
                Issue.record("a key went out by a forged one-time key")
                return
            }
        }
    }

    @Test("Somebody else's session does not speak in Ann's name")
    func impersonation() async throws {
        try await withScene { scene, bot, _ in
            let mallory = try await scene.machine("@mallory:hs", "EVIL")
            try await scene.talk.add(mallory)
            let all = both.union(["@mallory:hs"])
            let sent = try await scene.talk.send("I am Ann", from: mallory, to: all)
            #expect(try await scene.talk.read(sent.event, bot).text == "I am Ann")
            // The server says that it is Ann's.
            let forged = try await scene.talk.event(sent.event.content, from: Self.ann)
            #expect(
                try await scene.talk.read(forged, bot) == .missingKey(session: sent.plan.session, withheld: nil)
            )
        }
    }

    @Test("A device that the server invents for Ann does not speak for her")
    func inventedSender() async throws {
        try await withScene { scene, bot, _ in
            let mallory = try await scene.machine("@mallory:hs", "EVIL")
            try await scene.talk.add(mallory)
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("I am Ann", from: mallory, to: [Self.bot, "@mallory:hs"])
            // The server passes Mallory's message on as Ann's: the sender inside is another.
            let outcomes = try await {
                var outcomes: [ToDeviceOutcome] = []
                for (_, message) in await scene.talk.held {
                    outcomes.append(try await bot.receive(Correspondence.json(message, from: Self.ann)))
                }
                return outcomes
            }()
            #expect(outcomes == [.ignored("another sender inside")])
            let forged = try await scene.talk.event(sent.event.content, from: Self.ann)
            guard case .missingKey = try await scene.talk.read(forged, bot) else {
                Issue.record("an invented device spoke for Ann")
                return
            }
        }
    }

    @Test("What is encrypted is a message, and takes nothing back that its sender may not")
    func innerType() async throws {
        try await withScene { scene, bot, ann in
            let sent = try await scene.talk.send("hello", from: ann, to: both)
            for type in ["m.room.redaction", "m.room.tombstone", "m.room.member"] {
                let content = try await ann.encrypt(["redacts": "$1"], type: type, by: sent.plan)
                let event = try await scene.talk.event(content, from: Self.ann)
                #expect(try await scene.talk.read(event, bot) == .refused("it is no message"))
            }
        }
    }

    @Test("The account's own keys sign its device, by signatures that hold")
    func crossSigning() async throws {
        try await withScene { _, bot, _ in
            let made = try await bot.crossSigningKeys()
            func publicKey(_ name: String) throws -> String {
                let keys = made.keys[key: name]?[key: "keys"]?.object?.values.first
                return try #require(keys?.string)
            }
            func holds(_ json: JSONValue?, by key: String) throws -> Bool {
                let json = try #require(json)
                return SignedJSON.isSigned(json, by: DeviceID(user: Self.bot, device: key), key: key)
            }
            let master = try publicKey("master_key")
            let own = try publicKey("self_signing_key")
            #expect(try holds(made.keys[key: "master_key"], by: master))
            #expect(try holds(made.keys[key: "self_signing_key"], by: master))
            #expect(try holds(made.keys[key: "user_signing_key"], by: master))
            let device = made.signatures[key: Self.bot]?[key: "BOT"]
            #expect(try holds(device, by: own))
            #expect(DeviceKeys(try #require(device), id: bot.me)?.curve25519 == bot.keys.curve25519)
            #expect(SignedJSON.isSigned(try #require(made.keys[key: "master_key"]), by: bot.me, key: bot.keys.ed25519))
        }
    }

    @Test("A key that comes later opens what came before it")
    func lateKey() async throws {
        try await withScene { scene, bot, ann in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("late", from: ann, to: both)
            guard case .missingKey(let session, nil) = try await scene.talk.read(sent.event, bot) else {
                Issue.record("there is a key already")
                return
            }
            #expect(session == sent.plan.session)
            #expect(try await scene.talk.release() == [.roomKey(room: "!room", session: session, sender: Self.ann)])
            #expect(try await scene.talk.read(sent.event, bot).text == "late")
        }
    }

    @Test("A message to the device that comes twice changes nothing")
    func duplicateToDevice() async throws {
        try await withScene { scene, bot, ann in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("once", from: ann, to: both)
            let (user, message) = try #require(await scene.talk.held.first)
            let json = Correspondence.json(message, from: user)
            guard case .roomKey = try await bot.receive(json) else {
                Issue.record("no key came")
                return
            }
            switch try await bot.receive(json) {
            case .broken, .ignored: break
            case let outcome: Issue.record("the second was taken: \(outcome)")
            }
            #expect(try await scene.talk.read(sent.event, bot).text == "once")
            await scene.talk.hold(false)
            let next = try await scene.talk.send("twice", from: ann, to: both)
            #expect(try await scene.talk.read(next.event, bot).text == "twice")
        }
    }

    @Test("A key is handed out again to whoever had it, from the message on from which they had it, and to nobody else")
    func keyRequests() async throws {
        try await withScene { scene, bot, ann in
            let early = try await scene.talk.send("early", from: bot, to: [Self.bot])
            let sent = try await scene.talk.send("for both", from: bot, to: both)
            #expect(sent.plan.session == early.plan.session)
            let asked = try #require(try await ann.request(sent.plan.session, in: "!room", from: Self.bot))
            #expect(try await ann.request(sent.plan.session, in: "!room", from: Self.bot) == nil)
            let request: JSONValue = [
                "type": "m.room_key_request", "sender": .string(Self.ann), "content": asked.content,
            ]
            guard case .asked(let question) = try await bot.receive(request) else {
                Issue.record("no question came")
                return
            }
            let answer = try #require(try await bot.answer(question))
            #expect(answer.to == ann.me)
            // Ann has it already, from the same message on.
            #expect(try await scene.talk.deliver([answer], from: Self.bot) == [.ignored("a key that is there already")])
            var stranger = question
            stranger.from = DeviceID(user: "@eve:hs", device: "X")
            #expect(try await bot.answer(stranger) == nil)
            var other = question
            other.session = "another"
            #expect(try await bot.answer(other) == nil)
            #expect(try await ann.cancelRequest(sent.plan.session, in: "!room", to: Self.bot) != nil)
            #expect(try await ann.cancelRequest(sent.plan.session, in: "!room", to: Self.bot) == nil)
        }
    }

    @Test("A key that nobody asked for, or that another hands on, is not taken")
    func forwardedKeys() async throws {
        try await withScene { scene, bot, ann in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("hidden", from: ann, to: both)
            await scene.talk.hold(false)
            // Ann's key was lost on its way: she hands it out again.
            let question = KeyRequest(from: bot.me, id: "1", room: "!room", session: sent.plan.session)
            let unasked = try #require(try await ann.answer(question))
            #expect(
                try await scene.talk.deliver([unasked], from: Self.ann) == [.ignored("a key that nobody asked for")]
            )
            _ = try await bot.request(sent.plan.session, in: "!room", from: Self.ann)
            let asked = try #require(try await ann.answer(question))
            #expect(
                try await scene.talk.deliver([asked], from: Self.ann)
                    == [.roomKey(room: "!room", session: sent.plan.session, sender: Self.ann)]
            )
            #expect(try await scene.talk.read(sent.event, bot).text == "hidden")
        }
    }

    @Test("A word that a key is withheld is told with the event")
    func withheld() async throws {
        try await withScene { scene, bot, ann in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("not for you", from: ann, to: both)
            let word: JSONValue = [
                "type": "m.room_key.withheld", "sender": .string(Self.ann),
                "content": [
                    "algorithm": .string(Megolm.algorithm), "room_id": "!room",
                    "session_id": .string(sent.plan.session),
                    "sender_key": .string(ann.keys.curve25519), "code": "m.unverified", "reason": "x",
                ],
            ]
            #expect(try await bot.receive(word) == .withheld(room: "!room", session: sent.plan.session))
            #expect(
                try await scene.talk.read(sent.event, bot)
                    == .missingKey(session: sent.plan.session, withheld: "its sender talks to verified devices only")
            )
        }
    }

    @Test("Attachments come out as they went in, and differ from what is on the server")
    func attachments() async throws {
        try await withTemporaryDirectory { folder in
            // More than one piece, and no multiple of a block.
            let bytes = (0..<200_003).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let source = try outboundFile("a", bytes, in: folder)
            let target = try outboundFile("b", [], in: folder)
            let key = try await AttachmentCipher().encrypt(source.descriptor, size: bytes.count, to: target.descriptor)
            let stored = try contents(target.descriptor, bytes.count)
            #expect(stored != bytes)
            #expect(key.counter.suffix(8).allSatisfy { $0 == 0 })
            try await AttachmentCipher().decrypt(target.descriptor, size: bytes.count, key)
            #expect(try contents(target.descriptor, bytes.count) == bytes)
        }
    }

    private func contents(_ file: Descriptor, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(file.number, &bytes, count, 0) == count else { throw Errno.last("pread") }
        return bytes
    }

    private func temporaryFolder(_ parent: String) throws -> String {
        let path = "\(parent)/\(UInt64.random(in: 0 ... .max))"
        guard mkdir(path, 0o700) == 0 else { throw Errno.last("mkdir") }
        return path
    }
}
