package import Core

/// A session that a message could go to, as the central database shows it at that moment.
package struct MailSession: Sendable, Equatable {
    package enum State: Sendable, Equatable, CaseIterable {
        /// It takes messages, if need be by being opened again.
        case open
        /// A person closed it.
        case closed
        case quarantined
    }

    package var id: SessionID
    package var group: AgentGroupID
    package var state: State

    package init(id: SessionID, group: AgentGroupID, state: State) {
        self.id = id
        self.group = group
        self.state = state
    }
}

/// Chooses which conversation of another agent a message goes into, so that an answer comes to the one that asked.
package enum ReturnPath {
    /// What the message that is answered says; from rows that the host wrote.
    package enum Answered: Sendable, Equatable {
        /// The message answers none of an agent.
        case nothing
        /// It answers one of a person.
        case somebodyElse
        /// It answers one that this session wrote; nil when that was deleted.
        case session(MailSession?)
    }

    package enum Choice: Sendable, Equatable {
        case session(SessionID)
        /// The agent's own session for other agents, which does not exist yet.
        case newEntry
        case refused(AgentMailRefusal)
    }

    /// The session that asked, else the one of the target that wrote here last, else the target's own for other agents.
    ///
    /// What asked and was closed or deleted since is no session to answer to; one that is set aside will be again. `latest` is
    /// the session of the target that wrote to the source last, `entry` the target's session for other agents; each is nil
    /// when there is none.
    package static func choose(
        answered: Answered,
        latest: MailSession?,
        entry: MailSession?,
        from source: SessionID,
        to target: AgentGroupID
    ) -> Choice {
        switch answered {
        case .nothing, .session(nil): break
        case .somebodyElse: return .refused(.answersAnother)
        case .session(let asked?):
            guard asked.group == target else { return .refused(.answersAnother) }
            if asked.state != .closed { return choice(asked, from: source) }
        }
        if let latest, latest.group == target, latest.state == .open, latest.id != source {
            return .session(latest.id)
        }
        return entry.map { choice($0, from: source) } ?? .newEntry
    }

    private static func choice(_ session: MailSession, from source: SessionID) -> Choice {
        guard session.id != source else { return .refused(.itself) }
        return switch session.state {
        case .open: .session(session.id)
        case .closed: .refused(.closed)
        case .quarantined: .refused(.quarantined)
        }
    }
}
