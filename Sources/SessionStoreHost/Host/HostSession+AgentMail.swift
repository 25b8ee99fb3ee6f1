package import Core
import SessionStore

/// What a session's rows say of its traffic with another agent; all of it was written by the host.
package struct AgentMailTrail: Sendable, Equatable {
    /// The row that a message says it answers; nil when it answers none, or one that is gone.
    package var answered: InboundReference?
    /// The other agent's session that wrote here last; nil when none did.
    package var latest: SessionID?
    /// The message of an agent that led to this one; nil when that came from outside.
    package var cause: AgentMessageKey?
}

/// Names a message of an agent for good: the session that wrote it, and its id there.
package struct AgentMessageKey: Sendable, Hashable {
    package var session: SessionID
    package var message: MessageID

    package init(session: SessionID, message: MessageID) {
        self.session = session
        self.message = message
    }
}

extension HostSession {
    /// The trail of a message to this agent; `taken` are the rows that its turn took, `row` is the one that it answers.
    ///
    /// Its cause is the newest of those from outside, else the newest of them. When none is known, it is the newest row of
    /// the session that could start a turn.
    package func agentMailTrail(
        with peer: AgentGroupID,
        taken: [MessageID],
        answering row: MessageID?
    ) async throws -> AgentMailTrail {
        var trail = AgentMailTrail()
        if let row { trail.answered = try await inbound([row])[row] }
        let (latest, causes) = try await reading { database in
            let latest = try database.first(
                """
                SELECT source_session_id FROM messages_in
                WHERE channel_type = ? AND platform_id = ? AND source_session_id IS NOT NULL ORDER BY seq DESC LIMIT 1
                """,
                ChatAddress.agents,
                peer.rawValue
            ) { SessionID(unchecked: $0.text(0)) }
            var causes = try taken.compactMap { try database.first("\(Cause.select) AND id = ?", $0, read: Cause.init) }
            if causes.isEmpty {
                causes = try database.rows("\(Cause.select) ORDER BY seq DESC LIMIT 1", read: Cause.init)
            }
            return (latest, causes)
        }
        trail.latest = latest
        trail.cause = causes.max { ($0.isFromOutside ? 1 : 0, $0.seq) < ($1.isFromOutside ? 1 : 0, $1.seq) }?.message
        return trail
    }

    /// A row that could start a turn.
    private struct Cause {
        /// What the host itself says is no cause: it would count a refusal as news from outside.
        static let select = """
            SELECT seq, source_session_id, platform_message_id FROM messages_in WHERE trigger = 1 AND kind <> 'system'
            """

        let seq: Int64
        /// The message of an agent that it is.
        let message: AgentMessageKey?

        var isFromOutside: Bool { message == nil }

        init(_ row: Row) {
            seq = row.integer(0)
            guard let session = row.optionalText(1), let id = row.optionalText(2) else {
                message = nil
                return
            }
            message = AgentMessageKey(session: SessionID(unchecked: session), message: MessageID(unchecked: id))
        }
    }
}
