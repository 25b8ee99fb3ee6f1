package import Core
package import SessionStore

/// What a look at `outbound.db` found.
package enum OutboundReading: Sendable, Equatable {
    /// Nothing has changed since the last snapshot.
    case unchanged
    case snapshot(OutboundSnapshot)
    /// A dead writer left a transaction half done; nothing of it was read. Proof of its death, then recovery.
    case hot
    /// A writer held the file for longer than the host waits.
    case busy
    /// The file is none that our runner makes; nothing of it is used.
    case quarantined(reason: String)
}

/// One consistent state of `outbound.db`, checked row by row.
package struct OutboundSnapshot: Sendable, Equatable {
    /// Rows that no delivery records yet, by seq.
    package var rows: [OutboundRow]
    /// Acks that say something new of rows that are still open.
    package var acks: [Ack]
    package var runner: RunnerState
    /// Rows set aside, told once each while the session is open.
    package var rejected: [Rejected]

    /// A row that does not follow the rules.
    package struct Rejected: Sendable, Equatable {
        /// Its id as it stands, cut and made printable.
        package let id: String
        package let reason: String
    }
}

/// A row of `messages_out`.
package struct OutboundRow: Sendable, Equatable {
    package let id: MessageID
    /// The message's number in the session; odd.
    package let seq: Int64
    package let inReplyTo: MessageID?
    package let turn: TurnID
    package let content: OutboundContent
    /// Where the runner wants it to go; a claim, to be checked.
    package let address: ChatAddress?
    package let deliverAfter: Timestamp?
}

/// A row of `processing_ack`.
package struct Ack: Sendable, Equatable {
    package let message: MessageID
    package let incarnation: Incarnation
    package let state: AckState
    package let turn: TurnID
    package let detail: String?

    package init(
        message: MessageID,
        incarnation: Incarnation,
        state: AckState,
        turn: TurnID,
        detail: String? = nil
    ) {
        self.message = message
        self.incarnation = incarnation
        self.state = state
        self.turn = turn
        self.detail = detail
    }
}

/// The row of `runner_state`: claims of the runner about itself.
package struct RunnerState: Sendable, Equatable {
    package let incarnation: Incarnation
    package let phase: RunnerPhase
    package let tools: [ToolInFlight]
    package let updatedAt: Timestamp
}
