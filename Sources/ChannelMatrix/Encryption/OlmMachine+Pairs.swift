import Core
import GRDB

extension OlmMachine {
    /// Sessions with one device that are kept; of more the longest unused go.
    private static let mostPairs = 8

    /// Those of the devices with which there is no Olm session.
    func withoutSession(_ devices: [DeviceKeys]) async throws -> [DeviceKeys] {
        try await store.read { db in
            try devices.filter { device in
                let sql = "SELECT 1 FROM pairs WHERE peer = ? LIMIT 1"
                return try Int.fetchOne(db, sql: sql, arguments: [device.curve25519]) == nil
            }
        }
    }

    /// Begins sessions by the one-time keys of a claim; answers with the devices that have one now.
    ///
    /// A key that the device itself has not signed is refused.
    func takeClaimed(_ reply: JSONValue, for devices: [DeviceKeys]) async throws -> [DeviceKeys] {
        try await store.write { db in
            try withAccount(db) { account in
                try devices.filter { device in
                    let told = reply[key: "one_time_keys"]?[key: device.id.user]?[key: device.id.device]?.object
                    guard let (name, json) = told?.first, name.hasPrefix("signed_curve25519:"),
                        let key = json[key: "key"]?.string, key.utf8.count == 43,
                        UnpaddedBase64.decode(key)?.count == 32,
                        SignedJSON.isSigned(json, by: device.id, key: device.ed25519)
                    else { return false }
                    // A key that libolm refuses is that device's loss, not that of all.
                    guard let session = try? PairSession(from: account, to: device.curve25519, oneTimeKey: key) else {
                        return false
                    }
                    try keep(session, with: device.curve25519, db)
                    return true
                }
            }
        }
    }

    /// Encrypts an event to a device by the session that was used last; nil when there is none.
    func encrypt(_ content: JSONValue, type: String, to device: DeviceKeys, _ db: Database) throws -> ToDeviceMessage? {
        guard
            let pickle = try [UInt8].fetchPickle(
                db,
                sql: "SELECT pickle FROM pairs WHERE peer = ? ORDER BY used_at DESC, session LIMIT 1",
                arguments: [device.curve25519]
            )
        else { return nil }
        let session = try PairSession(pickle: pickle, key: secret)
        let payload: JSONValue = [
            "type": .string(type), "content": content, "sender": .string(me.user), "sender_device": .string(me.device),
            "keys": ["ed25519": .string(keys.ed25519)], "recipient": .string(device.id.user),
            "recipient_keys": ["ed25519": .string(device.ed25519)],
        ]
        let message = try session.encrypt(Array(try payload.text().utf8))
        try db.execute(
            sql: "UPDATE pairs SET pickle = ? WHERE peer = ? AND session = ?",
            arguments: [try session.pickle(secret).data, device.curve25519, try session.id()]
        )
        return ToDeviceMessage(
            to: device.id,
            content: [
                "algorithm": .string(Megolm.olmAlgorithm), "sender_key": .string(keys.curve25519),
                "ciphertext": .object([
                    device.curve25519: ["type": .integer(Int64(message.type)), "body": .string(message.body)]
                ]),
            ]
        )
    }

    /// The text of an Olm message of the device with this key; throws when no session opens it and it begins none.
    func decrypt(_ message: PairSession.Message, from peer: String, _ db: Database) throws -> [UInt8] {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT session, pickle FROM pairs WHERE peer = ? ORDER BY used_at DESC, session",
            arguments: [peer]
        )
        for row in rows {
            guard let session = try? PairSession(pickle: row.bytes("pickle"), key: secret) else { continue }
            let isItsFirst = message.type == 0 && session.matches(message.body, from: peer)
            if message.type == 0, !isItsFirst { continue }
            do {
                let plaintext = try session.decrypt(message)
                try keep(session, with: peer, db)
                return plaintext
            } catch {
                // A first message that belongs to this session begins no other one.
                if isItsFirst { throw error }
            }
        }
        guard message.type == 0 else { throw OlmError(.badMessage, "no session with this device opens the message") }
        return try withAccount(db) { account in
            let session = try PairSession(for: account, from: peer, message: message.body)
            let plaintext = try session.decrypt(message)
            // A fallback key is no one-time key: it stays.
            try? account.removeOneTimeKey(of: session)
            try keep(session, with: peer, db)
            return plaintext
        }
    }

    /// Whether a broken session with this device may be replaced now: at most once an hour.
    func mayRepair(_ peer: String) async throws -> Bool {
        let now = time.now
        return try await store.write { db in
            let last = try Int64.fetchOne(db, sql: "SELECT at FROM repairs WHERE peer = ?", arguments: [peer])
            if let last, now.milliseconds - last < 3_600_000, now.milliseconds >= last { return false }
            try db.execute(
                sql: "INSERT OR REPLACE INTO repairs (peer, at) VALUES (?, ?)",
                arguments: [peer, now.milliseconds]
            )
            return true
        }
    }

    /// The message that tells a device of a session made anew; nil when there is none.
    func dummy(to device: DeviceKeys) async throws -> ToDeviceMessage? {
        try await store.write { db in try encrypt([:], type: "m.dummy", to: device, db) }
    }

    private func keep(_ session: PairSession, with peer: String, _ db: Database) throws {
        // Strictly rising, so that the newest is known even within a millisecond.
        let last = try Int64.fetchOne(db, sql: "SELECT max(used_at) FROM pairs WHERE peer = ?", arguments: [peer]) ?? 0
        try db.execute(
            sql: "INSERT OR REPLACE INTO pairs (peer, session, pickle, used_at) VALUES (?, ?, ?, ?)",
            arguments: [peer, try session.id(), try session.pickle(secret).data, max(time.now.milliseconds, last + 1)]
        )
        try db.execute(
            sql: """
                DELETE FROM pairs WHERE peer = ? AND session IN
                    (SELECT session FROM pairs WHERE peer = ? ORDER BY used_at DESC LIMIT -1 OFFSET \(Self.mostPairs))
                """,
            arguments: [peer, peer]
        )
    }
}
