import Core
import GRDB

/// A room that is to be joined.
struct PendingInvite: Sendable, Equatable {
    var room: String
    var inviter: String
    var isDirect: Bool
    /// The room that it takes the place of.
    var succeeds: String?
}

extension PendingInvite {
    fileprivate init(_ row: Row) {
        self.init(room: row["room"], inviter: row["inviter"], isDirect: row["is_direct"], succeeds: row["succeeds"])
    }
}

extension MatrixStore {
    func room(_ id: String) async throws -> RoomRecord? {
        try await read { db in try RoomRecord.fetchOne(db, key: id) }
    }

    /// Changes what is known of a room, which may be new; answers with what it is then.
    @discardableResult
    func update(_ id: String, _ change: @escaping @Sendable (inout RoomRecord) -> Void) async throws -> RoomRecord {
        try await write { db in
            let before = try RoomRecord.fetchOne(db, key: id)
            var record = before ?? RoomRecord(room: id)
            change(&record)
            if record != before { try record.save(db) }
            return record
        }
    }

    /// The account is not in the room any more.
    ///
    /// That it is encrypted is remembered: it may be joined again.
    func leave(room: String) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM senders WHERE room = ?", arguments: [room])
            try db.execute(sql: "DELETE FROM pending WHERE room = ?", arguments: [room])
            try db.execute(
                sql: "UPDATE rooms SET is_joined = 0, newest_event = NULL WHERE room = ?",
                arguments: [room]
            )
        }
    }

    /// The account data `m.direct` as it is now; rooms that were direct by their invitation stay so.
    func setDirect(_ rooms: [String]) async throws {
        try await write { db in
            for room in rooms where MatrixID.isRoom(room) {
                try db.execute(
                    sql: "INSERT INTO rooms (room, is_direct) VALUES (?, 1) ON CONFLICT DO UPDATE SET is_direct = 1",
                    arguments: [room]
                )
            }
        }
    }

    // MARK: - Invitations

    /// Keeps an invitation, or what a closed room says of its successor; both together say more than one.
    func keep(_ invite: PendingInvite, at now: Timestamp) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO invites (room, inviter, is_direct, succeeds, at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET at = excluded.at, succeeds = coalesce(succeeds, excluded.succeeds),
                    inviter = CASE WHEN excluded.succeeds IS NULL THEN excluded.inviter ELSE inviter END,
                    is_direct = CASE WHEN succeeds IS NULL THEN excluded.is_direct ELSE is_direct END
                    """,
                arguments: [invite.room, invite.inviter, invite.isDirect, invite.succeeds, now.milliseconds]
            )
        }
    }

    /// Those that wait, oldest first.
    func invites() async throws -> [PendingInvite] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM invites ORDER BY at LIMIT 100").map(PendingInvite.init)
        }
    }

    /// The one to this room that waits.
    func invite(to room: String) async throws -> PendingInvite? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM invites WHERE room = ?", arguments: [room]).map(PendingInvite.init)
        }
    }

    /// Forgets an invitation as long as it says of the same room that it succeeds it.
    func drop(_ invite: PendingInvite) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM invites WHERE room = ? AND succeeds IS ?",
                arguments: [invite.room, invite.succeeds]
            )
        }
    }

    func drop(invite room: String) async throws {
        try await write { db in try db.execute(sql: "DELETE FROM invites WHERE room = ?", arguments: [room]) }
    }

    // MARK: - Cards and reactions

    /// Rows of each kind that are kept.
    private static let mostMarks = 4_096

    func keep(card: String, event: String, at now: Timestamp) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO cards (event, card, at) VALUES (?, ?, ?)",
                arguments: [event, card, now.milliseconds]
            )
            try Self.prune("cards", "event", db)
        }
    }

    /// The card that an event shows.
    func card(shownBy event: String) async throws -> String? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT card FROM cards WHERE event = ?", arguments: [event])
        }
    }

    func keep(reaction event: String, target: String, emoji: String, at now: Timestamp) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO reactions (event, target, emoji, at) VALUES (?, ?, ?, ?)",
                arguments: [event, target, emoji, now.milliseconds]
            )
            try Self.prune("reactions", "event", db)
        }
    }

    /// What a reaction was, by its event; nil for an event that is none.
    func reaction(_ event: String) async throws -> (target: String, emoji: String)? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT target, emoji FROM reactions WHERE event = ?", arguments: [event])
                .map { ($0["target"], $0["emoji"]) }
        }
    }

    func keep(thread root: String, of event: String, at now: Timestamp) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO threads (event, root, at) VALUES (?, ?, ?)",
                arguments: [event, root, now.milliseconds]
            )
            try Self.prune("threads", "event", db)
        }
    }

    /// The root of the thread that a message stands in; nil outside, and for one that was forgotten.
    func thread(of event: String) async throws -> String? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT root FROM threads WHERE event = ?", arguments: [event])
        }
    }

    private static func prune(_ table: String, _ key: String, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM \(table) WHERE \(key) IN
                    (SELECT \(key) FROM \(table) ORDER BY at DESC LIMIT -1 OFFSET \(mostMarks))
                """
        )
    }
}
