import Core
import GRDB

extension OlmMachine {
    /// The question for a session's key to all devices of the event's sender; nil when it was asked before.
    func request(_ session: String, in room: String, from sender: String) async throws -> ToDeviceMessage? {
        let now = time.now
        return try await store.write { db in
            let id = Hexadecimal.random()
            try db.execute(
                sql: "INSERT OR IGNORE INTO requests (room, session, id, sender, at) VALUES (?, ?, ?, ?, ?)",
                arguments: [room, session, id, sender, now.milliseconds]
            )
            guard db.changesCount > 0 else { return nil }
            try db.execute(
                sql: """
                    DELETE FROM requests WHERE (room, session, sender) IN
                        (SELECT room, session, sender FROM requests ORDER BY at DESC LIMIT -1 OFFSET 1000)
                    """
            )
            let body: JSONValue = [
                "algorithm": .string(Megolm.algorithm), "room_id": .string(room), "session_id": .string(session),
            ]
            return ToDeviceMessage(
                to: DeviceID(user: sender, device: "*"),
                content: [
                    "action": "request", "request_id": .string(id), "requesting_device_id": .string(me.device),
                    "body": body,
                ]
            )
        }
    }

    /// Takes back the question for a key that came; nil when there was none.
    func cancelRequest(_ session: String, in room: String, to sender: String) async throws -> ToDeviceMessage? {
        try await store.write { db in
            let id = try String.fetchOne(
                db,
                sql: "DELETE FROM requests WHERE room = ? AND session = ? AND sender = ? RETURNING id",
                arguments: [room, session, sender]
            )
            guard let id else { return nil }
            return ToDeviceMessage(
                to: DeviceID(user: sender, device: "*"),
                content: [
                    "action": "request_cancellation", "request_id": .string(id),
                    "requesting_device_id": .string(me.device),
                ]
            )
        }
    }

    /// The answer to a device that asks for a key; nil for one that gets none.
    ///
    /// Only own sessions are handed out, only to a device that was given the key before and whose keys are still those,
    /// and from the same event on: nobody learns by asking what they could not have read. Keys of other people's sessions
    /// go to nobody.
    func answer(_ request: KeyRequest) async throws -> ToDeviceMessage? {
        try await store.write { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT receivers.pickle, shares.number FROM receivers
                    JOIN shares ON shares.session = receivers.session AND shares.user = ? AND shares.device = ?
                    WHERE receivers.room = ? AND receivers.session = ? AND receivers.sender = ? AND receivers.curve25519 = ?
                    """,
                arguments: [
                    request.from.user, request.from.device, request.room, request.session, me.user, keys.curve25519,
                ]
            )
            guard let row, let device = try device(request.from, db) else { return nil }
            let receiver = try GroupReceiver(pickle: row.bytes("pickle"), key: secret)
            let content: JSONValue = [
                "algorithm": .string(Megolm.algorithm), "room_id": .string(request.room),
                "session_id": .string(request.session), "sender_key": .string(keys.curve25519),
                "sender_claimed_ed25519_key": .string(keys.ed25519), "forwarding_curve25519_key_chain": [],
                "session_key": .string(try receiver.export(from: row["number"])),
            ]
            return try encrypt(content, type: "m.forwarded_room_key", to: device, db)
        }
    }
}

/// Names made by chance.
enum Hexadecimal {
    /// 128 bits as 32 digits.
    static func random() -> String {
        Olm.random(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
