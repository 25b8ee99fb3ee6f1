import CentralStore
package import Core
import GRDB

extension Session {
    /// The session with this key, also one that was closed for want of messages.
    static func find(_ key: SessionKey, _ db: Database) throws -> Session? {
        try fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT * FROM sessions WHERE agent_group_id = ? AND mode = ?
                    AND coalesce(messaging_group_id, '') = ? AND coalesce(thread_id, '') = ?
                    AND (status <> 'closed' OR reopens = 1) AND (mode = 'agent-shared' OR messaging_group_id IS NOT NULL)
                    """
            ),
            arguments: [key.agentGroup, key.mode, key.chat?.rawValue ?? "", key.thread ?? ""]
        )
    }
}

/// A session with what belongs to it in the central database.
struct SessionFacts: Sendable {
    var session: Session
    var group: AgentGroup
    var chat: MessagingGroup?
}

extension CentralStore {
    /// The session with this key, made when there is none.
    func findOrCreateSession(_ key: SessionKey, now: Timestamp) async throws -> SessionFacts {
        try await write(changesRouting: false) { db in
            if let session = try Session.find(key, db) { return try Self.facts(session, db) }
            var session = Session(
                agentGroupID: key.agentGroup,
                mode: key.mode,
                messagingGroupID: key.chat,
                threadID: key.thread,
                createdAt: now
            )
            session.retentionDueAt = now + Self.shortestPeriod
            try session.insert(db)
            return try Self.facts(session, db)
        }
    }

    /// The session with this key; nil when there is none yet.
    func findSession(_ key: SessionKey) async throws -> Session? {
        try await read { try Session.find(key, $0) }
    }

    /// A session and what belongs to it; nil when there is none with this id.
    func sessionFacts(_ id: SessionID) async throws -> SessionFacts? {
        try await read { db in try Session.fetchOne(db, key: id).map { try Self.facts($0, db) } }
    }

    private static func facts(_ session: Session, _ db: Database) throws -> SessionFacts {
        guard let group = try AgentGroup.fetchOne(db, key: session.agentGroupID) else {
            throw HostError(.notFound, "session \(session.id) belongs to no agent group")
        }
        let chat = try session.messagingGroupID.flatMap { try MessagingGroup.fetchOne(db, key: $0) }
        return SessionFacts(session: session, group: group, chat: chat)
    }

    /// Remembers that the agent was mentioned in this session.
    func markEngaged(_ session: SessionID, at now: Timestamp) async throws {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: "UPDATE sessions SET engaged_at = ? WHERE id = ? AND engaged_at IS NULL",
                arguments: [now, session]
            )
        }
    }

    /// Sets the session's state and why; what is closed so stays closed.
    func setStatus(_ status: SessionStatus, reason: String?, of session: SessionID) async throws {
        let now = time.now
        let due = now + Self.shortestPeriod
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    UPDATE sessions SET status = ?, status_reason = ?, closed_at = ?, reopens = 0,
                        retention_due_at = min(coalesce(retention_due_at, ?), ?)
                    WHERE id = ?
                    """,
                arguments: [status, reason, status == .closed ? now : nil, due, due, session]
            )
        }
    }

    /// Writes when messages came or went last, never an earlier time than is known.
    func setLastActive(_ times: [SessionID: Timestamp]) async throws {
        try await write(changesRouting: false) { db in
            for (session, time) in times {
                try db.execute(
                    sql: "UPDATE sessions SET last_active = max(last_active, ?) WHERE id = ?",
                    arguments: [time, session]
                )
            }
        }
    }

    /// True when the group may send to this chat: a row of `agent_destinations` says so.
    func mayReach(_ address: ChatAddress, from group: AgentGroupID) async throws -> Bool {
        try await read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM agent_destinations d JOIN messaging_groups m
                        ON m.id = d.messaging_group_id
                        WHERE d.agent_group_id = ? AND m.channel_type = ? AND m.platform_id = ?)
                    """,
                arguments: [group, address.channel, address.platformID]
            ) ?? false
        }
    }
}

extension CentralStore: DirtyStore {
    package func markDirty(_ session: SessionID, nextDue: Timestamp?, reason: String) async throws {
        let now = time.now
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    INSERT INTO dirty (session_id, next_due, reason, marked_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (session_id) DO UPDATE SET next_due = excluded.next_due, reason = excluded.reason,
                        marked_at = excluded.marked_at
                    """,
                arguments: [session, nextDue, reason, now]
            )
            // A time at which it is due is no message.
            guard nextDue == nil else { return }
            try Self.wake(session, at: now, db)
        }
    }

    package func clearDirty(_ session: SessionID) async throws {
        try await write(changesRouting: false) { db in
            try db.execute(sql: "DELETE FROM dirty WHERE session_id = ?", arguments: [session])
        }
    }

    /// The sessions that are marked, and when each is due.
    func dirtySessions() async throws -> [SessionID: Timestamp?] {
        try await read { db in
            let rows = try DirtySession.fetchAll(db)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.sessionID, $0.nextDue) })
        }
    }
}
