import Core
import GRDB

/// What a message to this device was.
enum ToDeviceOutcome: Sendable, Equatable {
    /// The key of a Megolm session came: events that waited for it can be read.
    case roomKey(room: String, session: String, sender: String)
    /// Somebody keeps a key to themselves, or could not send it.
    case withheld(room: String, session: String)
    /// A device asks for a key.
    case asked(KeyRequest)
    /// An Olm message that nothing opens: the session with the device of this key is broken.
    case broken(user: String, curve25519: String)
    /// Nothing that matters here, or refused; why, in words.
    case ignored(String)
}

/// A device asks for the key of a Megolm session.
struct KeyRequest: Sendable, Equatable {
    var from: DeviceID
    var id: String
    var room: String
    var session: String
}

extension OlmMachine {
    /// Takes one message to this device; handed over twice, the second is ignored or broken and changes nothing.
    func receive(_ event: JSONValue) async throws -> ToDeviceOutcome {
        guard let type = event[key: "type"]?.string, let sender = event[key: "sender"]?.string,
            let content = event[key: "content"]
        else { return .ignored("no event") }
        switch type {
        case "m.room.encrypted":
            do { return try await receiveEncrypted(content, from: sender) } catch let error as OlmError {
                // Nothing that somebody sends may hold up what others have sent.
                return .ignored(error.message)
            }
        case "m.room_key_request": return Self.request(content, from: sender)
        case "m.room_key.withheld": return try await takeWithheld(content, from: sender)
        default: return .ignored(type)
        }
    }

    private func receiveEncrypted(_ content: JSONValue, from sender: String) async throws -> ToDeviceOutcome {
        guard content[key: "algorithm"]?.string == Megolm.olmAlgorithm, let peer = content[key: "sender_key"]?.string,
            let own = content[key: "ciphertext"]?[key: keys.curve25519], let type = own[key: "type"]?.integer,
            let body = own[key: "body"]?.string, (0...1).contains(type)
        else { return .ignored("not encrypted for this device") }
        let message = PairSession.Message(type: Int(type), body: body)
        return try await store.write { db in
            let plaintext: [UInt8]
            do {
                // Whatever a failed attempt has changed is taken back.
                var text: [UInt8]?
                try db.inSavepoint {
                    text = try decrypt(message, from: peer, db)
                    return .commit
                }
                plaintext = text ?? []
            } catch let error as OlmError {
                return error.code == .badPickle ? .ignored(error.message) : .broken(user: sender, curve25519: peer)
            }
            // The ratchet has moved on and stays so, whatever the text says.
            guard let payload = try? JSONReader.read(plaintext) else {
                return .ignored("no JSON inside")
            }
            return try take(payload, from: sender, peer: peer, db)
        }
    }

    /// Takes what an Olm message holds, once its fields say that it is for this device and from whom the server says.
    private func take(_ payload: JSONValue, from sender: String, peer: String, _ db: Database) throws -> ToDeviceOutcome
    {
        guard payload[key: "sender"]?.string == sender else { return .ignored("another sender inside") }
        guard payload[key: "recipient"]?.string == me.user,
            payload[key: "recipient_keys"]?[key: "ed25519"]?.string == keys.ed25519
        else { return .ignored("meant for another device") }
        guard let claimed = payload[key: "keys"]?[key: "ed25519"]?.string, let content = payload[key: "content"],
            let type = payload[key: "type"]?.string
        else { return .ignored("no keys inside") }
        let origin = KeyOrigin(user: sender, curve25519: peer, ed25519: claimed)
        switch type {
        case "m.room_key": return try takeRoomKey(content, origin, isForwarded: false, db)
        case "m.forwarded_room_key":
            // Only from the device that made the session, and only when asked for: that device proves as much by it as by
            // sending the key itself. Anybody else's word for whose key it is counts for nothing.
            guard content[key: "sender_key"]?.string == peer,
                content[key: "sender_claimed_ed25519_key"]?.string == claimed
            else { return .ignored("a key handed on by another device than its maker's") }
            return try takeRoomKey(content, origin, isForwarded: true, db)
        case "m.room_key.withheld": return try takeWithheld(content, from: sender, db)
        default: return .ignored(type)
        }
    }

    private func takeRoomKey(
        _ content: JSONValue,
        _ origin: KeyOrigin,
        isForwarded: Bool,
        _ db: Database
    ) throws -> ToDeviceOutcome {
        guard content[key: "algorithm"]?.string == Megolm.algorithm, let room = content[key: "room_id"]?.string,
            let session = content[key: "session_id"]?.string, let key = content[key: "session_key"]?.string,
            MatrixID.isRoom(room), session.utf8.count <= 128
        else { return .ignored("no key inside") }
        if isForwarded {
            let asked = try Int.fetchOne(
                db,
                sql: "SELECT 1 FROM requests WHERE room = ? AND session = ? AND sender = ?",
                arguments: [room, session, origin.user]
            )
            guard asked != nil else { return .ignored("a key that nobody asked for") }
        }
        let receiver: GroupReceiver
        do {
            receiver = isForwarded ? try GroupReceiver(exported: key) : try GroupReceiver(key: key)
        } catch {
            return .ignored("a damaged key: \(error.message)")
        }
        guard try receiver.id() == session else { return .ignored("a key of another session than it says") }
        guard try keep(receiver, in: room, of: origin, db) else { return .ignored("a key that is there already") }
        try db.execute(
            sql: "DELETE FROM withheld WHERE room = ? AND session = ? AND sender = ?",
            arguments: [room, session, origin.user]
        )
        return .roomKey(room: room, session: session, sender: origin.user)
    }

    private static func request(_ content: JSONValue, from sender: String) -> ToDeviceOutcome {
        let body = content[key: "body"]
        guard content[key: "action"]?.string == "request", let device = content[key: "requesting_device_id"]?.string,
            let id = content[key: "request_id"]?.string, body?[key: "algorithm"]?.string == Megolm.algorithm,
            let room = body?[key: "room_id"]?.string, let session = body?[key: "session_id"]?.string,
            MatrixID.isRoom(room), session.utf8.count <= 128, device.utf8.count <= 255, id.utf8.count <= 255
        else { return .ignored("no request for a key") }
        return .asked(KeyRequest(from: DeviceID(user: sender, device: device), id: id, room: room, session: session))
    }

    private func takeWithheld(_ content: JSONValue, from sender: String) async throws -> ToDeviceOutcome {
        if content[key: "code"]?.string == "m.no_olm", let peer = content[key: "sender_key"]?.string {
            return .broken(user: sender, curve25519: peer)
        }
        return try await store.write { db in try takeWithheld(content, from: sender, db) }
    }

    private func takeWithheld(_ content: JSONValue, from sender: String, _ db: Database) throws -> ToDeviceOutcome {
        guard let room = content[key: "room_id"]?.string, let session = content[key: "session_id"]?.string,
            let code = content[key: "code"]?.string, session.utf8.count <= 128, MatrixID.isRoom(room)
        else { return .ignored("no word on a key") }
        let words = [
            "m.blacklisted": "its sender blocks this device",
            "m.unverified": "its sender talks to verified devices only",
            "m.unauthorised": "its sender says that the key is not for this account",
            "m.unavailable": "its sender does not have the key any more",
        ]
        try db.execute(
            sql: "INSERT OR REPLACE INTO withheld (room, session, sender, reason, at) VALUES (?, ?, ?, ?, ?)",
            arguments: [room, session, sender, words[code] ?? "its sender keeps it", time.now.milliseconds]
        )
        try db.execute(
            sql: """
                DELETE FROM withheld WHERE (room, session, sender) IN
                    (SELECT room, session, sender FROM withheld ORDER BY at DESC LIMIT -1 OFFSET 1000)
                """
        )
        return .withheld(room: room, session: session)
    }
}

/// Whose Megolm session it is, as the Olm message that brought it proves of the keys and claims of the person.
struct KeyOrigin: Sendable, Equatable {
    var user: String
    /// Proved: only its owner could send the message.
    var curve25519: String
    /// Claimed: compared with the device's own when an event is decrypted.
    var ed25519: String
}
