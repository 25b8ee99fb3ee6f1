import Core
import GRDB

/// The Megolm session by which the next event of a room goes out, and who does not have its key yet.
struct GroupPlan: Sendable, Equatable {
    var room: String
    var session: String
    /// Devices of the room's people without the key.
    var missing: [DeviceKeys]
}

/// Messages with the key of a session, to be marked with ``OlmMachine/shared(_:)`` once the server has them.
struct KeyShare: Sendable, Equatable {
    var session: String
    /// The first event that the key opens.
    var index: Int
    var messages: [ToDeviceMessage]
    /// Devices with which there is no Olm session.
    var unreachable: [DeviceKeys]
}

extension OlmMachine {
    /// The session for the next event to a room that these people read.
    ///
    /// It is a new one when the last is used up, or when its key is with somebody who does not read the room any more.
    /// Whoever comes new gets the key from the next event on.
    func plan(_ room: String, for people: Set<String>, _ rotation: MegolmRotation) async throws -> GroupPlan {
        try await store.write { db in
            let devices = try devices(of: people.sorted(), db)
            var session = try current(room, rotation, db)
            if let candidate = session {
                let readers = Set(devices.map(\.id))
                let holders = try holders(candidate, db)
                if !holders.isSubset(of: readers) { session = nil }
            }
            let chosen = try session ?? begin(room, db)
            let holders = try holders(chosen, db)
            return GroupPlan(room: room, session: chosen, missing: devices.filter { !holders.contains($0.id) })
        }
    }

    /// The session's key for devices; the Olm ratchets have moved on when this returns.
    func share(_ plan: GroupPlan, with devices: [DeviceKeys]) async throws -> KeyShare {
        try await store.write { db in
            let sender = try sender(plan, db)
            let content: JSONValue = [
                "algorithm": .string(Megolm.algorithm), "room_id": .string(plan.room),
                "session_id": .string(plan.session),
                "session_key": .string(try sender.key()),
            ]
            var share = KeyShare(session: plan.session, index: sender.index, messages: [], unreachable: [])
            for device in devices {
                if let message = try encrypt(content, type: "m.room_key", to: device, db) {
                    share.messages.append(message)
                } else {
                    share.unreachable.append(device)
                }
            }
            return share
        }
    }

    /// The server has the messages.
    func shared(_ share: KeyShare) async throws {
        let now = time.now
        try await store.write { db in
            for message in share.messages {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO shares (session, user, device, number, at) VALUES (?, ?, ?, ?, ?)",
                    arguments: [share.session, message.to.user, message.to.device, share.index, now.milliseconds]
                )
            }
        }
    }

    /// The content of `m.room.encrypted` for an event; the ratchet has moved on when this returns, so that none of its
    /// keys serves twice whether the event arrives or not.
    func encrypt(_ content: JSONValue, type: String, by plan: GroupPlan) async throws -> JSONValue {
        try await store.write { db in
            let sender = try sender(plan, db)
            let payload: JSONValue = ["type": .string(type), "content": content, "room_id": .string(plan.room)]
            let ciphertext = try sender.encrypt(Array(try payload.text().utf8))
            try db.execute(
                sql: "UPDATE senders SET pickle = ?, messages = messages + 1 WHERE room = ? AND session = ?",
                arguments: [try sender.pickle(secret).data, plan.room, plan.session]
            )
            var fields: [String: JSONValue] = [
                "algorithm": .string(Megolm.algorithm), "sender_key": .string(keys.curve25519),
                "device_id": .string(me.device), "session_id": .string(plan.session), "ciphertext": .string(ciphertext),
            ]
            // Servers need to see the relation.
            fields["m.relates_to"] = content[key: "m.relates_to"]
            return .object(fields)
        }
    }

    private func current(_ room: String, _ rotation: MegolmRotation, _ db: Database) throws -> String? {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT session, messages, made_at FROM senders WHERE room = ?",
            arguments: [room]
        )
        guard let row, (row["messages"] as Int) < rotation.messages else { return nil }
        let age = time.now.milliseconds - (row["made_at"] as Int64)
        // A clock that was set back makes no session young.
        return age >= 0 && age < rotation.age.milliseconds ? row["session"] : nil
    }

    private func begin(_ room: String, _ db: Database) throws -> String {
        let sender = try GroupSender()
        let session = try sender.id()
        // Who had the key of an old session is of use as long as its events are asked for.
        try db.execute(
            sql: "DELETE FROM shares WHERE at < ? AND session NOT IN (SELECT session FROM senders)",
            arguments: [time.now.milliseconds - 90 * 86_400_000]
        )
        try db.execute(
            sql: "INSERT OR REPLACE INTO senders (room, session, pickle, messages, made_at) VALUES (?, ?, ?, 0, ?)",
            arguments: [room, session, try sender.pickle(secret).data, time.now.milliseconds]
        )
        // What is sent must be readable here too: for quotes of it, and for devices that ask for the key again.
        let receiver = try GroupReceiver(key: try sender.key())
        let own = KeyOrigin(user: me.user, curve25519: keys.curve25519, ed25519: keys.ed25519)
        _ = try keep(receiver, in: room, of: own, db)
        return session
    }

    private func sender(_ plan: GroupPlan, _ db: Database) throws -> GroupSender {
        let pickle = try [UInt8].fetchPickle(
            db,
            sql: "SELECT pickle FROM senders WHERE room = ? AND session = ?",
            arguments: [plan.room, plan.session]
        )
        guard let pickle else { throw OlmError(.other, "the session of the room was replaced: send again") }
        return try GroupSender(pickle: pickle, key: secret)
    }

    private func holders(_ session: String, _ db: Database) throws -> Set<DeviceID> {
        Set(
            try Row.fetchAll(db, sql: "SELECT user, device FROM shares WHERE session = ?", arguments: [session]).map {
                DeviceID(user: $0["user"], device: $0["device"])
            }
        )
    }
}
