import Core
import GRDB
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Keys that somebody claims, spoils, asks for or sends too many of")
struct ClaimedKeysTests {
    private static let bot = OlmMachineTests.bot
    private static let ann = OlmMachineTests.ann
    private static let mallory = "@mallory:hs"
    private let all: Set<String> = [bot, ann, mallory]

    private func withScene(
        _ body: (OlmMachineTests.Scene, _ bot: OlmMachine, _ ann: OlmMachine, _ mallory: OlmMachine) async throws ->
            Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let scene = OlmMachineTests.Scene(folder: folder)
            let bot = try await scene.machine(Self.bot, "BOT")
            let ann = try await scene.machine(Self.ann, "PHONE")
            let mallory = try await scene.machine(Self.mallory, "EVIL")
            for machine in [bot, ann, mallory] { try await scene.talk.add(machine) }
            try await body(scene, bot, ann, mallory)
        }
    }

    @Test("A session that another member claims first stays readable for whoever made it")
    func claimedSession() async throws {
        try await withScene { scene, bot, ann, mallory in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("from Ann", from: ann, to: all)
            // Mallory is a member: the key comes to her, too, and she sends it on as her own before Ann's arrives.
            for (user, message) in await scene.talk.held where message.to == mallory.me {
                _ = try await mallory.receive(Correspondence.json(message, from: user))
            }
            let pickle = try await mallory.store.read { db in
                try #require(
                    try [UInt8].fetchPickle(
                        db,
                        sql: "SELECT pickle FROM receivers WHERE session = ?",
                        arguments: [sent.plan.session]
                    )
                )
            }
            let origin = KeyOrigin(
                user: Self.mallory,
                curve25519: mallory.keys.curve25519,
                ed25519: mallory.keys.ed25519
            )
            let secret = scene.secret
            let isKept = try await bot.store.write { db in
                try bot.keep(try GroupReceiver(pickle: pickle, key: secret), in: "!room", of: origin, db)
            }
            #expect(isKept)
            // A word of hers on the key is not Ann's.
            #expect(try await bot.receive(word("m.blacklisted", on: sent.plan.session, from: mallory)) != .ignored(""))
            guard case .missingKey(_, nil) = try await scene.talk.read(sent.event, bot) else {
                Issue.record("a stranger's key or word counts for Ann")
                return
            }
            // She uses up Ann's number in her own name.
            _ = try await scene.talk.read(try await scene.talk.event(sent.event.content, from: Self.mallory), bot)
            _ = try await scene.talk.release()
            #expect(try await scene.talk.read(sent.event, bot).text == "from Ann")
        }
    }

    private func word(_ code: String, on session: String, from machine: OlmMachine) -> JSONValue {
        [
            "type": "m.room_key.withheld", "sender": .string(machine.me.user),
            "content": [
                "algorithm": .string(Megolm.algorithm), "room_id": "!room", "session_id": .string(session),
                "sender_key": .string(machine.keys.curve25519), "code": .string(code),
            ],
        ]
    }

    @Test("Words of no known code are told in words of ours")
    func unknownCode() async throws {
        try await withScene { scene, bot, ann, _ in
            await scene.talk.hold(true)
            let sent = try await scene.talk.send("x", from: ann, to: all)
            _ = try await bot.receive(word("do what I say", on: sent.plan.session, from: ann))
            #expect(
                try await scene.talk.read(sent.event, bot)
                    == .missingKey(session: sent.plan.session, withheld: "its sender keeps it")
            )
        }
    }

    @Test("A key that libolm refuses is that device's loss alone")
    func paddedKey() async throws {
        try await withScene { scene, bot, ann, mallory in
            let padded = try await mallory.signed(["key": .string("\(mallory.keys.curve25519)=")])
            await scene.talk.change { $0.forgeOneTimeKeys(of: mallory.me) { _ in padded } }
            let sent = try await scene.talk.send("hello", from: bot, to: all)
            #expect(try await scene.talk.read(sent.event, ann).text == "hello")
            guard case .missingKey = try await scene.talk.read(sent.event, mallory) else {
                Issue.record("a session was begun by a key that is none")
                return
            }
            let names: JSONValue = [
                "user_id": .string(Self.mallory), "device_id": "EVIL",
                "algorithms": [.string(Megolm.algorithm), .string(Megolm.olmAlgorithm)],
            ]
            func device(_ curve: String) async throws -> DeviceKeys? {
                var fields = names.object ?? [:]
                fields["keys"] = ["curve25519:EVIL": .string(curve), "ed25519:EVIL": .string(mallory.keys.ed25519)]
                return DeviceKeys(try await mallory.signed(.object(fields)), id: mallory.me)
            }
            #expect(try await device(mallory.keys.curve25519) != nil)
            #expect(try await device("\(mallory.keys.curve25519)=") == nil)
        }
    }

    @Test("What a question for a key may hold is bounded before it is noted", arguments: ["session", "device", "room"])
    func longQuestions(field: String) async throws {
        try await withScene { _, bot, _, _ in
            let long = String(repeating: "x", count: 300)
            let question: JSONValue = [
                "type": "m.room_key_request", "sender": .string(Self.mallory),
                "content": [
                    "action": "request", "request_id": "1",
                    "requesting_device_id": .string(field == "device" ? long : "EVIL"),
                    "body": [
                        "algorithm": .string(Megolm.algorithm), "room_id": .string(field == "room" ? long : "!room"),
                        "session_id": .string(field == "session" ? long : "s"),
                    ],
                ],
            ]
            let outcome = try await bot.receive(question)
            #expect(outcome == .ignored("no request for a key"))
        }
    }

    @Test("Who sends most keys loses theirs first")
    func manyKeys() async throws {
        try await withScene { _, bot, _, _ in
            let left = try await bot.store.write { db in
                func add(_ count: Int, of user: String, at time: Int) throws {
                    for number in 0..<count {
                        try db.execute(
                            sql: "INSERT INTO receivers VALUES ('!room', ?, ?, 'c', 'e', 0, x'00', ?)",
                            arguments: ["\(user) \(number)", user, time + number]
                        )
                    }
                }
                try add(3, of: Self.ann, at: 0)
                try add(30, of: Self.mallory, at: 1000)
                try OlmMachine.evict(20, db)
                return try String.fetchAll(db, sql: "SELECT sender FROM receivers ORDER BY at")
            }
            #expect(left.prefix(3) == [Self.ann, Self.ann, Self.ann])
            #expect(left.count == 13)
        }
    }

    @Test("Devices of people who shared no room for a while are asked for anew")
    func left() async throws {
        try await withScene { scene, bot, _, _ in
            _ = try await scene.talk.send("hello", from: bot, to: all)
            #expect(try await bot.stale(among: [Self.ann]).isEmpty)
            try await bot.forget([Self.ann])
            #expect(try await bot.stale(among: [Self.ann]).map(\.user) == [Self.ann])
        }
    }
}

extension OlmMachine {
    /// The object signed by this device.
    fileprivate func signed(_ json: JSONValue) async throws -> JSONValue {
        try await store.write { db in try withAccount(db) { try SignedJSON.signed(json, by: me, $0) } }
    }
}
