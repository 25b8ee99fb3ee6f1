import Core
import GRDB

/// A person whose devices are to be asked for.
struct StalePerson: Sendable, Hashable {
    var user: String
    /// The change up to which an answer counts.
    var mark: Int64
}

extension OlmMachine {
    /// The server says that devices of these people have changed; those whose devices nobody needs are passed over.
    func devicesChanged(of users: [String]) async throws {
        guard !users.isEmpty else { return }
        try await store.write { db in
            for user in users {
                try db.execute(sql: "UPDATE people SET mark = mark + 1 WHERE user = ?", arguments: [user])
            }
        }
    }

    /// The account shares no encrypted room with these people any more: the server tells no changes of their devices, so
    /// that they are asked for anew when one of them comes back.
    func forget(_ users: [String]) async throws {
        guard !users.isEmpty else { return }
        try await store.write { db in
            for user in users where user != me.user {
                try db.execute(sql: "UPDATE people SET mark = max(mark, seen) + 1 WHERE user = ?", arguments: [user])
            }
        }
    }

    /// Those of the people whose devices are not known as they are now; all of them are followed from now on.
    func stale(among users: some Sequence<String> & Sendable) async throws -> [StalePerson] {
        try await store.write { db in
            var stale: [StalePerson] = []
            for user in users {
                try db.execute(
                    sql: "INSERT INTO people (user, mark, seen) VALUES (?, 1, 0) ON CONFLICT DO NOTHING",
                    arguments: [user]
                )
                let row = try Row.fetchOne(db, sql: "SELECT mark, seen FROM people WHERE user = ?", arguments: [user])
                guard let row, (row["mark"] as Int64) > (row["seen"] as Int64) else { continue }
                stale.append(StalePerson(user: user, mark: row["mark"]))
            }
            return stale
        }
    }

    /// Whether the devices of a person matter here.
    func isFollowed(_ user: String) async throws -> Bool {
        try await store.read { db in
            try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM people WHERE user = ?)", arguments: [user])
                ?? false
        }
    }

    /// Nobody's devices are known for sure: the server may have changed them while nobody listened.
    func distrustAll() async throws {
        try await store.write { db in try db.execute(sql: "UPDATE people SET mark = mark + 1") }
    }

    /// Takes the answer to a query for the devices of these people; answers with what was refused of it, in words.
    ///
    /// A device whose own signature is bad, or whose fingerprint is another than before, is refused: nothing is encrypted
    /// to it.
    func takeDevices(_ reply: JSONValue, of people: [StalePerson]) async throws -> [String] {
        try await store.write { db in
            var problems: [String] = []
            for person in people {
                guard let told = reply[key: "device_keys"]?[key: person.user]?.object else {
                    // A server that is down says nothing of its people; they stay as they are known.
                    if reply[key: "failures"]?[key: MatrixID.server(of: person.user)] != nil { continue }
                    try take([], of: person, db)
                    continue
                }
                var devices: [DeviceKeys] = []
                for (name, json) in told {
                    let id = DeviceID(user: person.user, device: name)
                    let known = try device(id, db)
                    guard let keys = DeviceKeys(json, id: id) else {
                        // A device without encryption is no mistake.
                        if json[key: "signatures"] != nil { problems.append("\(id.user) \(id.device): bad signature") }
                        // What is refused takes nothing away: else it would be accepted the next time.
                        if let known { devices.append(known) }
                        continue
                    }
                    if let known, known.ed25519 != keys.ed25519 {
                        problems.append("\(id.user) \(id.device): its fingerprint has changed")
                        devices.append(known)
                        continue
                    }
                    devices.append(keys)
                }
                try take(devices, of: person, db)
            }
            return problems
        }
    }

    private func take(_ devices: [DeviceKeys], of person: StalePerson, _ db: Database) throws {
        let kept = Set(devices.map(\.id.device))
        for name in try String.fetchAll(
            db,
            sql: "SELECT device FROM devices WHERE user = ?",
            arguments: [person.user]
        ) where !kept.contains(name) {
            try db.execute(
                sql: "DELETE FROM devices WHERE user = ? AND device = ?",
                arguments: [person.user, name]
            )
        }
        for keys in devices {
            try db.execute(
                sql: """
                    INSERT INTO devices (user, device, curve25519, ed25519) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET curve25519 = excluded.curve25519
                    """,
                arguments: [keys.id.user, keys.id.device, keys.curve25519, keys.ed25519]
            )
        }
        try db.execute(sql: "UPDATE people SET seen = ? WHERE user = ?", arguments: [person.mark, person.user])
    }

    /// The known devices of these people, this one left out.
    func devices(of users: some Sequence<String>, _ db: Database) throws -> [DeviceKeys] {
        try users.flatMap { user in
            try Row.fetchAll(db, sql: "SELECT * FROM devices WHERE user = ? ORDER BY device", arguments: [user])
                .map(Self.device)
        }
        .filter { $0.id != me }
    }

    func device(_ id: DeviceID, _ db: Database) throws -> DeviceKeys? {
        try Row.fetchOne(
            db,
            sql: "SELECT * FROM devices WHERE user = ? AND device = ?",
            arguments: [id.user, id.device]
        ).map(Self.device)
    }

    /// The device of a person that has this key.
    func device(of user: String, curve25519: String, _ db: Database) throws -> DeviceKeys? {
        try Row.fetchOne(
            db,
            sql: "SELECT * FROM devices WHERE user = ? AND curve25519 = ?",
            arguments: [user, curve25519]
        ).map(Self.device)
    }

    private static func device(_ row: Row) -> DeviceKeys {
        DeviceKeys(
            id: DeviceID(user: row["user"], device: row["device"]),
            curve25519: row["curve25519"],
            ed25519: row["ed25519"]
        )
    }
}
