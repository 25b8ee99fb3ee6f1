import Core
import GRDB

/// What became of an encrypted event.
enum Decryption: Sendable, Equatable {
    /// It says this.
    case clear(type: String, content: JSONValue)
    /// Its key has not come; `withheld` says why, when its sender said so.
    case missingKey(session: String, withheld: String?)
    /// The device that sent it is none of its sender's as they are known: they must be asked for before it can be told whose
    /// it is.
    case unknownDevice(StalePerson)
    /// An earlier event had the same number of the session: somebody repeats what was said.
    case replayed
    /// It is not what it pretends to be, or cannot be read; why, in words.
    case refused(String)
}

extension OlmMachine {
    /// Sessions of others that are kept; of more the oldest of those go who have sent most.
    private static let mostReceivers = 20_000

    /// Decrypts an event of a room.
    func decrypt(_ event: RoomEvent, in room: String) async throws -> Decryption {
        guard event.content[key: "algorithm"]?.string == Megolm.algorithm,
            let session = event.content[key: "session_id"]?.string,
            let ciphertext = event.content[key: "ciphertext"]?.string
        else { return .refused("it is encrypted in a way that is not known here") }
        do {
            return try await decrypt(event, ciphertext, session, room)
        } catch let error as OlmError {
            return .refused("its key cannot be used: \(error.message)")
        }
    }

    private func decrypt(
        _ event: RoomEvent,
        _ ciphertext: String,
        _ session: String,
        _ room: String
    ) async throws -> Decryption {
        try await store.write { db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM receivers WHERE room = ? AND session = ? AND sender = ?",
                arguments: [room, session, event.sender]
            )
            guard let row else {
                return .missingKey(session: session, withheld: try withheld(room, session, event.sender, db))
            }
            if let problem = try problem(row, db) { return problem }
            let receiver = try GroupReceiver(pickle: row.bytes("pickle"), key: secret)
            let plaintext: [UInt8]
            let index: Int
            do {
                (plaintext, index) = try receiver.decrypt(ciphertext)
            } catch let error as OlmError {
                // The key that came opens only what was said later; an earlier one may come yet.
                if error.code == .unknownIndex {
                    return .missingKey(session: session, withheld: try withheld(room, session, event.sender, db))
                }
                return .refused("it is damaged")
            }
            guard try isFirst(event, room, session, index, db) else { return .replayed }
            return Self.content(plaintext, event, room)
        }
    }

    /// Why a session's key must not count for an event; nil when it may.
    ///
    /// The session was brought by a device of whoever the server says has sent the event: the device must be that person's
    /// by what the device itself has signed.
    private func problem(_ row: Row, _ db: Database) throws -> Decryption? {
        let origin = KeyOrigin(user: row["sender"], curve25519: row["curve25519"], ed25519: row["ed25519"])
        if origin.user == me.user, origin.curve25519 == keys.curve25519, origin.ed25519 == keys.ed25519 { return nil }
        if let device = try device(of: origin.user, curve25519: origin.curve25519, db) {
            return device.ed25519 == origin.ed25519 ? nil : .refused("its key claims to be another device's")
        }
        try db.execute(
            sql: "INSERT INTO people (user, mark, seen) VALUES (?, 1, 0) ON CONFLICT DO NOTHING",
            arguments: [origin.user]
        )
        // Though they may be known: a server tells of a new device after the first message by it, or never.
        let mark = try Int64.fetchOne(db, sql: "SELECT mark FROM people WHERE user = ?", arguments: [origin.user])
        return .unknownDevice(StalePerson(user: origin.user, mark: mark ?? 1))
    }

    /// False when another event had this number of the session.
    private func isFirst(
        _ event: RoomEvent,
        _ room: String,
        _ session: String,
        _ index: Int,
        _ db: Database
    ) throws -> Bool {
        try db.execute(
            sql: """
                INSERT INTO indexes (room, session, sender, number, event) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
            arguments: [room, session, event.sender, index, event.id]
        )
        let known = try String.fetchOne(
            db,
            sql: "SELECT event FROM indexes WHERE room = ? AND session = ? AND sender = ? AND number = ?",
            arguments: [room, session, event.sender, index]
        )
        return known == event.id
    }

    private static func content(_ plaintext: [UInt8], _ event: RoomEvent, _ room: String) -> Decryption {
        guard let payload = try? JSONReader.read(plaintext), let type = payload[key: "type"]?.string,
            case .object(var content)? = payload[key: "content"]
        else { return .refused("there is no event inside") }
        guard payload[key: "room_id"]?.string == room else { return .refused("it was written for another room") }
        // Others mean something only where the server has looked at them: whoever may write may not redact.
        guard ["m.room.message", "m.sticker", "m.reaction"].contains(type) else { return .refused("it is no message") }
        // Servers need to see the relation: it stands outside.
        if let relation = event.content[key: "m.relates_to"] { content["m.relates_to"] = relation }
        return .clear(type: type, content: .object(content))
    }

    private func withheld(_ room: String, _ session: String, _ sender: String, _ db: Database) throws -> String? {
        try String.fetchOne(
            db,
            sql: "SELECT reason FROM withheld WHERE room = ? AND session = ? AND sender = ?",
            arguments: [room, session, sender]
        )
    }

    /// Keeps a session; false when the one that is there opens as much, or is another device's.
    func keep(_ receiver: GroupReceiver, in room: String, of origin: KeyOrigin, _ db: Database) throws -> Bool {
        let session = try receiver.id()
        let known = try Row.fetchOne(
            db,
            sql: "SELECT * FROM receivers WHERE room = ? AND session = ? AND sender = ?",
            arguments: [room, session, origin.user]
        )
        if let known {
            let owner = KeyOrigin(user: known["sender"], curve25519: known["curve25519"], ed25519: known["ed25519"])
            guard owner == origin, receiver.firstIndex < (known["first_index"] as Int) else { return false }
        }
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO receivers (room, session, sender, curve25519, ed25519, first_index, pickle, at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                room, session, origin.user, origin.curve25519, origin.ed25519, receiver.firstIndex,
                try receiver.pickle(secret).data, time.now.milliseconds,
            ]
        )
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM receivers") ?? 0
        if count > Self.mostReceivers { try Self.evict(Self.mostReceivers / 10, db) }
        return true
    }

    /// Lets go of so many sessions: nobody's keys push out those of somebody who has sent fewer.
    static func evict(_ number: Int, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM receivers WHERE (room, session, sender) IN
                    (SELECT room, session, sender FROM
                        (SELECT room, session, sender, at,
                                row_number() OVER (PARTITION BY sender ORDER BY at DESC) AS place
                         FROM receivers)
                     ORDER BY place DESC, at LIMIT \(number));
                DELETE FROM indexes WHERE (room, session, sender) NOT IN (SELECT room, session, sender FROM receivers)
                """
        )
    }
}
