import Core
import GRDB

@testable import ChannelMatrix

/// What homeservers and other people's devices tell an account of Matrix about keys: devices, one-time keys, messages to the
/// device and encrypted events, whole and with any value in any place, outside of the encryption and inside.
///
/// Nothing is kept that the phone has not signed or said to this device; nothing is read twice; no reader fails.
struct MatrixKeysTarget: FuzzTarget {
    static let name = "matrix-keys"
    private static let bob = "@bob:hs"

    private let scene: KeyScene
    /// What attackers know and honest JSON has in other places.
    private let known: [JSONValue]

    init() throws {
        scene = try KeyScene()
        let bot = scene.bot
        known = [bot.keys.curve25519, bot.keys.ed25519, bot.me.user, bot.me.device, Self.bob, "!other:hs", "m.sticker"]
            .map { .string($0) }
    }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        do {
            try scene.reset()
            switch choices.below(5) {
            case 0: try devices(&choices)
            case 1: try claim(&choices)
            case 2: try message(&choices)
            case 3: try event(&choices)
            default: try anything(JSONMutation.bytes(&choices))
            }
        } catch {
            violated("what others say ends in no error: \(error)")
        }
    }

    private func changed(_ json: JSONValue, _ choices: inout Choices) -> JSONValue {
        JSONMutation.json(json, &choices, places: 40, also: known)
    }

    // MARK: - Devices and one-time keys

    private func devices(_ choices: inout Choices) throws {
        let isKnown = choices.flag()
        let honest: JSONValue = ["device_keys": .object([KeyScene.ann.user: .object(["PHONE": scene.phoneJSON])])]
        let told = changed(honest, &choices)
        let (bot, people) = (scene.bot, [KeyScene.ann.user, Self.bob])
        let kept = try waited {
            let stale = try await bot.stale(among: people)
            if isKnown { _ = try await bot.takeDevices(honest, of: stale) }
            _ = try await bot.takeDevices(told, of: stale)
            return try await bot.store.read { db in try bot.devices(of: people, db) }
        }
        for device in kept + Self.planted(told, scene.phone) {
            require(device == scene.phone, "only what the phone has signed is kept: \(device) \(told)")
        }
        require(kept.count <= 1, "and once: \(kept)")
        if told == honest { require(kept == [scene.phone], "what it has signed is kept") }
    }

    /// What a machine would keep that takes the server's word for keys that are well formed.
    private static func planted(_ told: JSONValue, _ phone: DeviceKeys) -> [DeviceKeys] {
        #if PLANTED
        let keys = told[key: "device_keys"]?[key: phone.id.user]?[key: phone.id.device]?[key: "keys"]
        let curve = keys?[key: "curve25519:\(phone.id.device)"]?.string
        return curve.map { [DeviceKeys(id: phone.id, curve25519: $0, ed25519: phone.ed25519)] } ?? []
        #else
        return []
        #endif
    }

    private func claim(_ choices: inout Choices) throws {
        let honest: JSONValue = ["one_time_keys": .object([KeyScene.ann.user: .object(["PHONE": scene.oneTimeKeys])])]
        let told = changed(honest, &choices)
        let (bot, phone) = (scene.bot, scene.phone)
        let (begun, without) = try waited {
            (try await bot.takeClaimed(told, for: [phone]), try await bot.withoutSession([phone]))
        }
        require(begun == (without.isEmpty ? [phone] : []), "a session is there or not: \(told)")
        func signed(_ json: JSONValue) -> [UInt8]? {
            let keys = json[key: "one_time_keys"]?[key: KeyScene.ann.user]?[key: "PHONE"]?.object
            return keys?.values.first.flatMap { CanonicalJSON.signedBytes($0) }
        }
        if !begun.isEmpty { require(signed(told) == signed(honest), "a key is what the phone has signed: \(told)") }
        if told == honest { require(begun == [phone], "what it has signed begins a session") }
    }

    // MARK: - Messages to the device, and events

    private func message(_ choices: inout Choices) throws {
        let honest = try scene.keyMessage()
        let inside = choices.flag() ? changed(honest, &choices) : honest
        let whole = try scene.toDevice(inside)
        let told = changed(whole, &choices)
        let bot = scene.bot
        let (first, second, receivers) = try waited {
            let first = try await bot.receive(told)
            let second = try await bot.receive(told)
            return (first, second, try await bot.store.read { db in try Self.receivers(db) })
        }
        if case .roomKey(let room, let session, let sender) = first {
            require(
                told[key: "sender"]?.string == sender && inside[key: "sender"]?.string == sender,
                "it is of whoever sent it: \(told)"
            )
            require(inside[key: "recipient"]?.string == bot.me.user, "it was meant for this person: \(inside)")
            let recipient = inside[key: "recipient_keys"]?[key: "ed25519"]?.string
            require(recipient == bot.keys.ed25519, "it was meant for this device: \(inside)")
            require(inside[key: "content"]?[key: "room_id"]?.string == room, "the room is the one it says: \(inside)")
            require(session == scene.session, "the session is the one whose key it is: \(inside)")
            require(
                receivers == ["\(room) \(session) \(sender) \(scene.phone.curve25519)"],
                "one is kept: \(receivers)"
            )
        } else {
            require(receivers.isEmpty, "what is no key leaves none: \(first) \(receivers)")
            if told == whole { require(inside != honest, "an honest key is kept: \(first)") }
        }
        if case .roomKey = second { violated("a message that comes twice brings nothing: \(told)") }
    }

    private static func receivers(_ db: Database) throws -> [String] {
        let row = "room || ' ' || session || ' ' || sender || ' ' || curve25519"
        return try String.fetchAll(db, sql: "SELECT \(row) FROM receivers")
    }

    private func event(_ choices: inout Choices) throws {
        let honest: JSONValue = [
            "type": "m.room.message", "room_id": .string(KeyScene.room),
            "content": ["msgtype": "m.text", "body": "hello"],
        ]
        let inside = choices.flag() ? changed(honest, &choices) : honest
        let whole = try scene.event(inside)
        let told = changed(whole, &choices)
        guard let event = RoomEvent(told) else { return require(told != whole, "an event is one") }
        var copy = event
        copy.id = "$two"
        let (bot, key, again) = (scene.bot, try scene.toDevice(scene.keyMessage()), copy)
        let devices: JSONValue = ["device_keys": .object([KeyScene.ann.user: .object(["PHONE": scene.phoneJSON])])]
        let outcomes = try waited {
            _ = try await bot.takeDevices(devices, of: bot.stale(among: [KeyScene.ann.user]))
            _ = try await bot.receive(key)
            return [
                try await bot.decrypt(event, in: "!other:hs"), try await bot.decrypt(event, in: KeyScene.room),
                try await bot.decrypt(event, in: KeyScene.room), try await bot.decrypt(again, in: KeyScene.room),
            ]
        }
        if case .clear = outcomes[0] { violated("an event is read in its own room only: \(told)") }
        require(outcomes[1] == outcomes[2], "the same event is the same again: \(outcomes)")
        if case .clear(let type, let content) = outcomes[1] {
            require(event.sender == KeyScene.ann.user, "it is of whoever has the key: \(event.sender)")
            require(inside[key: "room_id"]?.string == KeyScene.room, "it was written for this room: \(inside)")
            require(inside[key: "type"]?.string == type, "it is what it says: \(inside)")
            require(["m.room.message", "m.sticker", "m.reaction"].contains(type), "it is a message: \(type)")
            require(content == (inside[key: "content"] ?? .null), "it says what was written: \(content) \(inside)")
            require(
                outcomes[3] == .replayed || event.id == "$two",
                "another with its number is a replay: \(outcomes[3])"
            )
        } else if told == whole {
            require(inside != honest, "an honest event is read: \(outcomes)")
        }
    }

    /// JSON of the input in every place.
    private func anything(_ bytes: [UInt8]) throws {
        guard let json = try? JSONReader.read(bytes) else { return }
        let (bot, phone) = (scene.bot, scene.phone)
        let (outcome, kept) = try waited {
            let people = try await bot.stale(among: [KeyScene.ann.user])
            _ = try await bot.takeDevices(json, of: people)
            _ = try await bot.takeClaimed(json, for: [phone])
            if let event = RoomEvent(json) { _ = try await bot.decrypt(event, in: KeyScene.room) }
            let outcome = try await bot.receive(json)
            return (outcome, try await bot.store.read { db in try Self.receivers(db).count })
        }
        require(kept == 0, "nobody's word is a key: \(outcome)")
        switch outcome {
        case .roomKey: violated("what is not encrypted brings no key: \(json)")
        case .withheld(let room, let session):
            require(MatrixID.isRoom(room) && session.utf8.count <= 128, "a word on a key has its bounds: \(outcome)")
        case .asked(let request):
            require(MatrixID.isRoom(request.room) && request.session.utf8.count <= 128, "a question has its bounds")
            require(request.from.device.utf8.count <= 255 && request.id.utf8.count <= 255, "and so have its names")
        case .broken, .ignored: break
        }
    }
}
