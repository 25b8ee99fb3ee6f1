package import Core
package import GRDB

extension ApprovalRow {
    private typealias Keys = CodingKeys

    /// The one that waits with this plan.
    package static func pending(_ hash: String, _ db: Database) throws -> ApprovalRow? {
        try filter(Keys.planHash == hash && Keys.status == "pending").fetchOne(db)
    }

    /// What this request of a session was about; nil for one that was never asked about, or that has no id.
    package static func asked(_ session: SessionID, _ request: MessageID?, _ db: Database) throws -> ApprovalRow? {
        guard let request else { return nil }
        return try fetchOne(
            db,
            sql: """
                SELECT approvals.* FROM approvals JOIN approval_askers ON approval_id = approvals.id
                WHERE session_id = ? AND request = ?
                """,
            arguments: [session, request]
        )
    }

    /// How often this turn was told no to this action.
    package static func denials(_ action: String, session: SessionID, turn: TurnID, _ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(DISTINCT approvals.id) FROM approvals JOIN approval_askers ON approval_id = approvals.id
                WHERE action = ? AND session_id = ? AND turn = ? AND status = 'denied'
                """,
            arguments: [action, session, turn]
        ) ?? 0
    }

    /// How often this session was told no to this action since then.
    package static func denials(
        _ action: String,
        session: SessionID,
        since time: Timestamp,
        _ db: Database
    ) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(DISTINCT approvals.id) FROM approvals JOIN approval_askers ON approval_id = approvals.id
                WHERE action = ? AND session_id = ? AND status = 'denied' AND decided_at >= ?
                """,
            arguments: [action, session, time]
        ) ?? 0
    }

    /// How many requests of conversations about this agent wait for somebody's word.
    package static func askedCount(of group: AgentGroupID?, _ db: Database) throws -> Int {
        let asked = ApprovalAskerRow.select(ApprovalAskerRow.CodingKeys.approvalID)
        return try filter(Keys.status == "pending" && Keys.agentGroupID == group && asked.contains(Keys.id)).fetchCount(
            db
        )
    }

    /// How many of that kind wait about this agent which no conversation asks for.
    package static func unaskedCount(of action: String, _ group: AgentGroupID?, _ db: Database) throws -> Int {
        let asked = ApprovalAskerRow.select(ApprovalAskerRow.CodingKeys.approvalID)
        return try filter(
            Keys.status == "pending" && Keys.action == action && Keys.agentGroupID == group && !asked.contains(Keys.id)
        ).fetchCount(db)
    }

    /// The arguments of its plan; nil for a plan that cannot be read.
    package var payload: JSONValue? { (try? JSONValue(parsing: plan))?[key: "payload"] }

    /// Those that end next, soonest first.
    package static func nextEnd(_ db: Database) throws -> Timestamp? {
        try Timestamp.fetchOne(db, sql: "SELECT min(expires_at) FROM approvals WHERE status = 'pending'")
    }

    /// Those that nobody answered in time.
    package static func overdue(_ now: Timestamp, _ db: Database) throws -> [ApprovalID] {
        try ApprovalID.fetchAll(
            db,
            sql: "SELECT id FROM approvals WHERE status = 'pending' AND expires_at <= ? ORDER BY expires_at",
            arguments: [now]
        )
    }

    /// Those in this state.
    package static func all(_ status: String, _ db: Database) throws -> [ApprovalRow] {
        try filter(Keys.status == status).order(Keys.createdAt).fetchAll(db)
    }

    /// Those that ended by then, but for those whose grant may still be used.
    package static func ended(by time: Timestamp, now: Timestamp) -> QueryInterfaceRequest<ApprovalRow> {
        let standing = GrantRow.select(GrantRow.CodingKeys.id)
            .filter(GrantRow.CodingKeys.revokedAt == nil && GrantRow.CodingKeys.expiresAt > now)
        return filter(
            Keys.endedAt != nil && Keys.endedAt <= time && (Keys.grantID == nil || !standing.contains(Keys.grantID))
        )
    }

    /// Those that have ended and of which somebody has still to be told.
    package static func unsettled(_ db: Database) throws -> [ApprovalID] {
        try ApprovalID.fetchAll(
            db,
            sql: """
                SELECT approval_id FROM approval_askers JOIN approvals ON approvals.id = approval_id
                WHERE is_told = 0 AND status NOT IN ('pending', 'executing')
                UNION SELECT approvals.id FROM cards JOIN approvals ON approvals.id = subject
                WHERE state IN ('unsent', 'open') AND purpose = 'approval'
                AND status NOT IN ('pending', 'executing')
                """
        )
    }
}

extension ApprovalAskerRow {
    /// Those who wait for this one, in the order in which they asked.
    package static func of(_ approval: ApprovalID, _ db: Database) throws -> [ApprovalAskerRow] {
        try filter(CodingKeys.approvalID == approval).order(CodingKeys.askedAt, CodingKeys.sessionID).fetchAll(db)
    }

    /// Adds one that waits too; the same request twice is one.
    package func add(_ db: Database) throws { try insert(db, onConflict: .ignore) }

    /// Tells this session of nothing any more that it has asked for.
    ///
    /// Answers what of it nobody has decided, and of that what nobody else waits for.
    package static func withdraw(
        of session: SessionID,
        _ db: Database
    ) throws -> (undecided: [ApprovalID], unwanted: [ApprovalID]) {
        let waiting = try ApprovalID.fetchAll(
            db,
            sql: """
                SELECT DISTINCT approval_id FROM approval_askers JOIN approvals ON approvals.id = approval_id
                WHERE session_id = ? AND is_told = 0 AND status = 'pending'
                """,
            arguments: [session]
        )
        try db.execute(sql: "UPDATE approval_askers SET is_told = 1 WHERE session_id = ?", arguments: [session])
        let unwanted = try waiting.filter { id in
            try
                !(Bool.fetchOne(
                    db,
                    sql:
                        "SELECT EXISTS (SELECT 1 FROM approval_askers WHERE approval_id = ? AND session_id <> ? AND is_told = 0)",
                    arguments: [id, session]
                ) ?? false)
        }
        return (waiting, unwanted)
    }

    /// It has been told.
    package func markTold(_ db: Database) throws {
        try db.execute(
            sql: "UPDATE approval_askers SET is_told = 1 WHERE approval_id = ? AND session_id = ? AND request = ?",
            arguments: [approvalID, sessionID, request]
        )
    }
}

extension GrantRow {
    /// Those that stand now.
    package static func standing(_ now: Timestamp, _ db: Database) throws -> [GrantRow] {
        try filter(CodingKeys.revokedAt == nil && CodingKeys.expiresAt > now).order(CodingKeys.createdAt).fetchAll(db)
    }

    /// Counts a use.
    package static func used(_ id: GrantID, now: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE approval_grants SET uses = uses + 1, last_used_at = ? WHERE id = ?",
            arguments: [now, id]
        )
    }
}
