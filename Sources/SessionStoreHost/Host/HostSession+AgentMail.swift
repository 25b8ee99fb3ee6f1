package import Core
import SessionStore

/// What a session's rows say of its traffic with another agent; all of it was written by the host.
package struct AgentMailTrail: Sendable, Equatable {
    /// The row that a message says it answers; nil when it answers none, or one that is gone.
    package var answered: InboundReference?
    /// The other agent's session that wrote here last; nil when none did.
    package var latest: SessionID?
    /// The message of an agent that is the newest thing to have started a turn; nil when that came from outside.
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
    /// The trail of a message to this agent that says that it answers that row.
    package func agentMailTrail(with peer: AgentGroupID, answering row: MessageID?) async throws -> AgentMailTrail {
        var trail = AgentMailTrail()
        if let row { trail.answered = try await inbound([row])[row] }
        let (latest, cause) = try await reading { database in
            let latest = try database.first(
                """
                SELECT source_session_id FROM messages_in
                WHERE channel_type = ? AND platform_id = ? AND source_session_id IS NOT NULL ORDER BY seq DESC LIMIT 1
                """,
                ChatAddress.agents,
                peer.rawValue
            ) { SessionID(unchecked: $0.text(0)) }
            // What the host itself says is no cause: it would count a refusal as news from outside.
            let cause = try database.first(
                """
                SELECT source_session_id, platform_message_id FROM messages_in
                WHERE trigger = 1 AND kind <> 'system' ORDER BY seq DESC LIMIT 1
                """
            ) { row -> AgentMessageKey? in
                guard let session = row.optionalText(0), let message = row.optionalText(1) else { return nil }
                return AgentMessageKey(session: SessionID(unchecked: session), message: MessageID(unchecked: message))
            }
            return (latest, cause ?? nil)
        }
        trail.latest = latest
        trail.cause = cause
        return trail
    }
}
