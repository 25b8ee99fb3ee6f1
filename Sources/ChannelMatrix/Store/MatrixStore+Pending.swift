import Core
import GRDB

/// An encrypted event whose key has not come.
struct PendingEvent: Sendable, Equatable {
    var room: String
    var session: String
    var event: RoomEvent
    /// The sender's name when it came.
    var name: String?
    /// The agent was told of it.
    var isShown: Bool
}

extension MatrixStore {
    /// The most of one room, so that nobody's events push out those of another; what the agent was told of goes first.
    private static let mostOfRoom = 200
    /// The most of all; the oldest go first.
    private static let mostPending = 5_000

    func keep(_ pending: PendingEvent, at now: Timestamp) async throws {
        let json = try pending.event.json.text()
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO pending (event, room, session, sender, json, name, at, is_shown)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO NOTHING
                    """,
                arguments: [
                    pending.event.id, pending.room, pending.session, pending.event.sender, json, pending.name,
                    now.milliseconds, pending.isShown,
                ]
            )
            try db.execute(
                sql: """
                    DELETE FROM pending WHERE number IN
                        (SELECT number FROM pending WHERE room = ? ORDER BY is_shown, number DESC
                         LIMIT -1 OFFSET \(Self.mostOfRoom))
                    """,
                arguments: [pending.room]
            )
            try db.execute(
                sql: """
                    DELETE FROM pending WHERE event IN
                        (SELECT event FROM pending ORDER BY number DESC LIMIT -1 OFFSET \(Self.mostPending))
                    """
            )
        }
    }

    /// Sessions whose events wait and whose keys are there.
    func openable() async throws -> [(room: String, session: String)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT DISTINCT room, session FROM pending JOIN receivers USING (room, session, sender)"
            )
            .map { ($0["room"], $0["session"]) }
        }
    }

    /// Those of a session, in the order in which they came.
    func pending(in room: String, session: String) async throws -> [PendingEvent] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM pending WHERE room = ? AND session = ? ORDER BY number",
                arguments: [room, session]
            ).compactMap(Self.pending)
        }
    }

    /// Those that wait since before this time and of which the agent does not know.
    func unshown(before: Timestamp) async throws -> [PendingEvent] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM pending WHERE is_shown = 0 AND at <= ? ORDER BY number",
                arguments: [before.milliseconds]
            ).compactMap(Self.pending)
        }
    }

    /// When the oldest of which the agent does not know came; nil when there is none.
    func oldestUnshown() async throws -> Timestamp? {
        try await read { db in
            try Int64.fetchOne(db, sql: "SELECT min(at) FROM pending WHERE is_shown = 0").map(Timestamp.init)
        }
    }

    func markShown(_ event: String) async throws {
        try await write { db in
            try db.execute(sql: "UPDATE pending SET is_shown = 1 WHERE event = ?", arguments: [event])
        }
    }

    func drop(pending event: String) async throws {
        try await write { db in try db.execute(sql: "DELETE FROM pending WHERE event = ?", arguments: [event]) }
    }

    private static func pending(_ row: Row) -> PendingEvent? {
        let json: String = row["json"]
        guard let event = (try? JSONValue(parsing: json)).flatMap(RoomEvent.init) else { return nil }
        return PendingEvent(
            room: row["room"],
            session: row["session"],
            event: event,
            name: row["name"],
            isShown: row["is_shown"]
        )
    }
}
