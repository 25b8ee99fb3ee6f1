import CentralStore
import Core
import GRDB
import SessionStoreHost

/// A session that retention is to look at.
struct DueSession: Decodable, FetchableRecord, Sendable {
    var id: SessionID
    var agentGroup: AgentGroupID
    var status: SessionStatus
    var closedAt: Timestamp?
    var lastActive: Timestamp
    /// Something of it may be open.
    var isMarked: Bool
    var dueAt: Timestamp

    /// It is open, nothing of it can be under way, and its last message is that long ago.
    func isIdle(for period: Duration?, at now: Timestamp) -> Bool {
        guard let period else { return false }
        return status == .active && !isMarked && lastActive + period <= now
    }

    /// When it will have been without a message for that long; nil when that counts for nothing.
    func idleEnd(_ period: Duration?) -> Timestamp? { status == .active ? period.map { lastActive + $0 } : nil }
}

extension CentralStore {
    /// No setting is shorter: what is written now is over no earlier.
    static let shortestPeriod = Duration.seconds(86_400)

    /// The next sessions that are due, in the order of their times, behind `last` if there is one.
    func retentionDue(at now: Timestamp, after last: DueSession?, limit: Int) async throws -> [DueSession] {
        try await read { db in
            try DueSession.fetchAll(
                db,
                sql: """
                    SELECT id, agent_group_id AS agentGroup, status, closed_at AS closedAt, last_active AS lastActive,
                        EXISTS (SELECT 1 FROM dirty WHERE session_id = sessions.id) AS isMarked,
                        retention_due_at AS dueAt
                    FROM sessions
                    WHERE retention_due_at IS NOT NULL AND retention_due_at <= ? AND (retention_due_at, id) > (?, ?)
                    ORDER BY retention_due_at, id LIMIT ?
                    """,
                arguments: [now, last?.dueAt ?? Timestamp(milliseconds: .min), last?.id.rawValue ?? "", limit]
            )
        }
    }

    /// Closes a session for want of messages; false when one has come since it was read.
    func closeIdle(_ due: DueSession, at now: Timestamp, reason: String) async throws -> Bool {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    UPDATE sessions SET status = 'closed', status_reason = ?, closed_at = ?, reopens = 1
                    WHERE id = ? AND status = 'active' AND last_active = ?
                        AND NOT EXISTS (SELECT 1 FROM dirty WHERE session_id = sessions.id)
                    """,
                arguments: [reason, now, due.id, due.lastActive]
            )
            return db.changesCount == 1
        }
    }

    /// True for a session that is closed and whose files nobody is about to use.
    func isAtRest(_ session: SessionID) async throws -> Bool {
        try await read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT status = 'closed' AND NOT EXISTS (SELECT 1 FROM dirty WHERE session_id = sessions.id)
                    FROM sessions WHERE id = ?
                    """,
                arguments: [session]
            ) ?? false
        }
    }

    /// Writes when the session is due next, unless a message has come since it was read: then it is looked at again.
    func setRetentionDue(_ next: Timestamp?, of due: DueSession) async throws {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: "UPDATE sessions SET retention_due_at = ? WHERE id = ? AND last_active = ?",
                arguments: [next, due.id, due.lastActive]
            )
        }
    }

    /// Makes every session due when the periods are others than those that the times were reckoned with.
    func adoptPeriods(_ periods: String) async throws {
        try await write(changesRouting: false) { db in
            let known = try String.fetchOne(db, sql: "SELECT periods FROM retention")
            guard known != periods else { return }
            if known != nil { try db.execute(sql: "UPDATE sessions SET retention_due_at = 0") }
            try db.execute(
                sql:
                    "INSERT INTO retention (id, periods) VALUES (1, ?) ON CONFLICT DO UPDATE SET periods = excluded.periods",
                arguments: [periods]
            )
        }
    }

    /// A message is about to be written: opens a session that was closed for want of one, and sees to it that retention
    /// looks in time.
    static func wake(_ session: SessionID, at now: Timestamp, _ db: Database) throws {
        let due = now + shortestPeriod
        try db.execute(
            sql: """
                UPDATE sessions SET last_active = ?, retention_due_at = min(coalesce(retention_due_at, ?), ?),
                    status = iif(reopens, 'active', status), status_reason = iif(reopens, NULL, status_reason),
                    closed_at = iif(reopens, NULL, closed_at), reopens = 0
                WHERE id = ?
                """,
            arguments: [now, due, due, session]
        )
    }

    /// Ends the counts of dropped messages, the history of the CLI's chats, and approvals with their cards that were over by
    /// then; a dry run only counts what would end.
    func retainRecords(
        dropped: Timestamp,
        history: Timestamp,
        approvals: Timestamp,
        isDry: Bool
    ) async throws -> [RetentionItem] {
        let now = time.now
        @Sendable func end(_ db: Database) throws -> [RetentionItem] {
            let counts = DroppedMessage.filter(DroppedMessage.CodingKeys.lastSeen <= dropped)
            let rows = CLIMessage.upTo(history)
            let ended = ApprovalRow.ended(by: approvals, now: now)
            let cards = CardRow.closed(by: approvals)
            return [
                RetentionItem(.droppedCounts, count: try isDry ? counts.fetchCount(db) : counts.deleteAll(db)),
                RetentionItem(.chatHistory, count: try isDry ? rows.fetchCount(db) : rows.deleteAll(db)),
                RetentionItem(.approvals, count: try isDry ? ended.fetchCount(db) : ended.deleteAll(db)),
                RetentionItem(.cards, count: try isDry ? cards.fetchCount(db) : cards.deleteAll(db)),
            ].filter { $0.count > 0 }
        }
        return isDry ? try await read(end) : try await write(changesRouting: false, end)
    }
}
