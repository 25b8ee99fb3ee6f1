import AgentMail
import CentralStore
import Core
import GRDB
import SessionStoreHost

/// A row of a session that is to go to another agent, with what the session's own rows say of it.
struct AgentMailRequest: Sendable {
    var key: AgentMessageKey
    var sourceGroup: AgentGroupID
    var target: AgentGroupID
    var trail: AgentMailTrail
}

/// What became of such a request.
enum AgentMailDecision: Sendable {
    case accepted(AgentMessage, sourceName: String)
    /// `tells` is true when people are to be told of the limit that it breaks.
    case refused(AgentMailRefusal, tells: Bool)
}

extension CentralStore {
    /// Messages between agents are remembered for as long as a session remembers what came: 90 days.
    private static let memory = Duration.seconds(90 * 86_400)

    /// Decides where a message goes, or that it goes nowhere, and remembers it, in one transaction.
    ///
    /// A message that was accepted before is answered as it was then: what a crash cut off is done again in the same place.
    func decide(
        _ request: AgentMailRequest,
        _ limits: AgentMailLimits,
        now: Timestamp
    ) async throws -> AgentMailDecision {
        try await write(changesRouting: false) { db in
            let sourceName = try AgentGroup.fetchOne(db, key: request.sourceGroup)?.name ?? ""
            if let known = try AgentMessage.at(request.key, db) {
                guard known.targetGroupID == request.target else { return .refused(.answersAnother, tells: false) }
                return .accepted(known, sourceName: sourceName)
            }
            let facts = try Self.facts(request, now: now, db)
            switch AgentMailRule.decide(facts, limits) {
            case .refuse(let refusal):
                return .refused(refusal, tells: try Self.isToBeTold(refusal, request, now: now, db))
            case .accept(let path, let hops):
                let message = AgentMessage(
                    sourceSessionID: request.key.session,
                    messageID: request.key.message,
                    sourceGroupID: request.sourceGroup,
                    targetGroupID: request.target,
                    targetSessionID: try Self.session(path, of: request.target, now: now, db),
                    hops: hops,
                    acceptedAt: now
                )
                try message.insert(db)
                try db.execute(sql: "DELETE FROM agent_messages WHERE accepted_at < ?", arguments: [now - Self.memory])
                return .accepted(message, sourceName: sourceName)
            }
        }
    }

    private static func facts(_ request: AgentMailRequest, now: Timestamp, _ db: Database) throws -> AgentMailFacts {
        let target = request.target
        let destinations = Destination.filter(
            Destination.CodingKeys.agentGroupID == request.sourceGroup
                && Destination.CodingKeys.targetAgentGroupID == target
        )
        return AgentMailFacts(
            targetExists: try AgentGroup.exists(db, key: target),
            isOwnGroup: target == request.sourceGroup,
            isDestination: try destinations.fetchCount(db) > 0,
            path: ReturnPath.choose(
                answered: try answered(request.trail, db),
                latest: try request.trail.latest.flatMap { try mailSession($0, db) },
                entry: try Session.find(.entry(of: target), db).map(MailSession.init),
                from: request.key.session,
                to: target
            ),
            causeHops: try request.trail.cause.map { try AgentMessage.at($0, db)?.hops ?? 1 } ?? 0,
            recent: try recent(request.sourceGroup, target, now: now, db)
        )
    }

    private static func answered(_ trail: AgentMailTrail, _ db: Database) throws -> ReturnPath.Answered {
        guard let row = trail.answered else { return .nothing }
        // A message of a person is answered in that person's chat; one without a place is only why this is written.
        guard let session = row.sourceSession else { return row.address == nil ? .nothing : .somebodyElse }
        return .session(try mailSession(session, db))
    }

    private static func mailSession(_ id: SessionID, _ db: Database) throws -> MailSession? {
        try Session.fetchOne(db, key: id).map(MailSession.init)
    }

    /// Messages both ways in the window; a clock that was set back counts no more than that far ahead.
    private static func recent(
        _ first: AgentGroupID,
        _ second: AgentGroupID,
        now: Timestamp,
        _ db: Database
    ) throws -> Int {
        let window = now - AgentMailLimits.window
        let ahead = now + AgentMailLimits.window
        let ways = first == second ? [(first, second)] : [(first, second), (second, first)]
        return try ways.reduce(0) { count, way in
            try count
                + (Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM agent_messages
                        WHERE source_group_id = ? AND target_group_id = ? AND accepted_at > ? AND accepted_at <= ?
                        """,
                    arguments: [way.0, way.1, window, ahead]
                ) ?? 0)
        }
    }

    private static func session(
        _ path: ReturnPath.Choice,
        of group: AgentGroupID,
        now: Timestamp,
        _ db: Database
    ) throws -> SessionID {
        if case .session(let id) = path { return id }
        var session = Session(agentGroupID: group, mode: .agentShared, messagingGroupID: nil, createdAt: now)
        session.retentionDueAt = now + Self.shortestPeriod
        try session.insert(db)
        return session.id
    }

    /// True the first time in a while that this pair breaks this limit; it is remembered as told.
    private static func isToBeTold(
        _ refusal: AgentMailRefusal,
        _ request: AgentMailRequest,
        now: Timestamp,
        _ db: Database
    ) throws -> Bool {
        guard let limit = refusal.limit else { return false }
        let pair = [request.sourceGroup, request.target].sorted()
        try db.execute(
            sql: """
                INSERT INTO agent_limit_notices (first_group_id, second_group_id, limit_kind, told_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET told_at = excluded.told_at WHERE told_at <= ? OR told_at > excluded.told_at
                """,
            arguments: [pair[0], pair[1], limit.rawValue, now, now - AgentMailLimits.noticePause]
        )
        return db.changesCount == 1
    }
}

extension AgentMessage {
    static func at(_ key: AgentMessageKey, _ db: Database) throws -> AgentMessage? {
        try filter(CodingKeys.sourceSessionID == key.session && CodingKeys.messageID == key.message).fetchOne(db)
    }
}

extension MailSession {
    fileprivate init(_ session: Session) {
        let state: State =
            switch session.status {
            case .active: .open
            case .closed: session.reopens ? .open : .closed
            case .quarantined: .quarantined
            }
        self.init(id: session.id, group: session.agentGroupID, state: state)
    }
}

extension SessionKey {
    /// An agent's own session for what other agents write to it: the one across all its chats.
    static func entry(of group: AgentGroupID) -> SessionKey { SessionKey(agentShared: group) }
}
