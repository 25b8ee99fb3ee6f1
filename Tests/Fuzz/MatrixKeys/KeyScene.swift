import Core
import Dispatch
import GRDB
import Glibc
import LinuxIO
import Synchronization

@testable import ChannelMatrix

/// The account of a host, and Ann's phone, whose secrets the input does not know: what a homeserver and other devices tell
/// the account is made of what the phone has signed and encrypted, and then changed.
struct KeyScene {
    static let room = "!room:hs"
    static let ann = DeviceID(user: "@ann:hs", device: "PHONE")

    let bot: OlmMachine
    /// The phone as it is, and as a server tells it.
    let phone: DeviceKeys
    let phoneJSON: JSONValue
    /// A one-time key of the phone, by its name.
    let oneTimeKeys: JSONValue
    /// The Megolm session that the phone sends by.
    let session: String

    private let secret = SecretBytes(Array("of the scene".utf8))
    private let botPickle: [UInt8]
    private let pairPickle: [UInt8]
    private let groupPickle: [UInt8]

    init() throws {
        var template = Array("/dev/shm/nanoclaw-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let secret = secret
        let (machine, published) = try waited {
            let machine = try await OlmMachine(
                store: try await MatrixStore.open(folder),
                secret: secret,
                me: DeviceID(user: "@bot:hs", device: "BOT"),
                time: SystemTime()
            )
            let keys = try await machine.keysToPublish(count: 0, hasUnusedFallbackKey: false)
            try await machine.published()
            return (machine, keys)
        }
        bot = machine
        botPickle = try waited {
            try await machine.store.read { db in try [UInt8].fetchPickle(db, sql: "SELECT pickle FROM account") ?? [] }
        }
        let account = try IdentityAccount()
        let keys = try account.keys()
        phone = DeviceKeys(id: Self.ann, curve25519: keys.curve25519, ed25519: keys.ed25519)
        let device: JSONValue = [
            "user_id": .string(Self.ann.user), "device_id": .string(Self.ann.device),
            "algorithms": [.string(Megolm.olmAlgorithm), .string(Megolm.algorithm)],
            "keys": .object([
                "curve25519:PHONE": .string(keys.curve25519), "ed25519:PHONE": .string(keys.ed25519),
            ]),
        ]
        phoneJSON = try SignedJSON.signed(device, by: Self.ann, account)
        try account.makeOneTimeKeys(1)
        let oneTime = try account.oneTimeKeys().values.first ?? ""
        oneTimeKeys = [
            "signed_curve25519:AAAA": try SignedJSON.signed(["key": .string(oneTime)], by: Self.ann, account)
        ]
        let claimed = published?[key: "one_time_keys"]?.object?.values.first?[key: "key"]?.string ?? ""
        pairPickle = try PairSession(from: account, to: machine.keys.curve25519, oneTimeKey: claimed).pickle(secret)
        let group = try GroupSender()
        session = try group.id()
        groupPickle = try group.pickle(secret)
    }

    /// Everything that the bot has learned is forgotten.
    func reset() throws {
        try waited { [bot, botPickle] in
            try await bot.store.write { db in
                for table in ["people", "devices", "pairs", "repairs", "receivers", "indexes", "withheld", "requests"] {
                    try db.execute(sql: "DELETE FROM \(table)")
                }
                try db.execute(sql: "UPDATE account SET pickle = ?", arguments: [botPickle.data])
            }
        }
    }

    // MARK: - What the phone says

    /// The inside of the message that brings the key of the phone's session.
    func keyMessage() throws -> JSONValue {
        let group = try GroupSender(pickle: groupPickle, key: secret)
        return [
            "type": "m.room_key", "sender": .string(Self.ann.user), "sender_device": .string(Self.ann.device),
            "keys": ["ed25519": .string(phone.ed25519)], "recipient": .string(bot.me.user),
            "recipient_keys": ["ed25519": .string(bot.keys.ed25519)],
            "content": [
                "algorithm": .string(Megolm.algorithm), "room_id": .string(Self.room), "session_id": .string(session),
                "session_key": .string(try group.key()),
            ],
        ]
    }

    /// A message to the bot's device with this inside.
    func toDevice(_ inside: JSONValue) throws -> JSONValue {
        let message = try PairSession(pickle: pairPickle, key: secret).encrypt(Array(try inside.text().utf8))
        return [
            "type": "m.room.encrypted", "sender": .string(Self.ann.user),
            "content": [
                "algorithm": .string(Megolm.olmAlgorithm), "sender_key": .string(phone.curve25519),
                "ciphertext": .object([
                    bot.keys.curve25519: ["type": .integer(Int64(message.type)), "body": .string(message.body)]
                ]),
            ],
        ]
    }

    /// An event of the room with this inside, the first of the phone's session.
    func event(_ inside: JSONValue) throws -> JSONValue {
        let ciphertext = try GroupSender(pickle: groupPickle, key: secret).encrypt(Array(try inside.text().utf8))
        return [
            "event_id": "$one", "type": "m.room.encrypted", "sender": .string(Self.ann.user), "origin_server_ts": 1,
            "content": [
                "algorithm": .string(Megolm.algorithm), "sender_key": .string(phone.curve25519),
                "device_id": .string(Self.ann.device), "session_id": .string(session),
                "ciphertext": .string(ciphertext),
            ],
        ]
    }
}

/// What an asynchronous body comes to, waited for on libFuzzer's thread, which runs no task.
func waited<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let (box, done) = (Box<Value>(), DispatchSemaphore(value: 0))
    Task.detached {
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        box.result.withLock { $0 = result }
        done.signal()
    }
    done.wait()
    guard let result = box.result.withLock({ $0 }) else { violated("a task that has ended has a result") }
    return try result.get()
}

private final class Box<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
