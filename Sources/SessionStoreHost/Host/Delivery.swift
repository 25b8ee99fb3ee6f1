package import Core
package import LinuxIO
import SessionStore

/// A row of `deliveries`: the lasting record of what was said and what became of it.
package struct Delivery: Sendable, Equatable {
    package var message: MessageID
    /// The row's number; 0 for a notice that the host itself writes.
    package var seq: Int64
    package var incarnation: Incarnation
    package var turn: TurnID
    package var kind: OutboundKind
    package var address: ChatAddress?
    package var inReplyTo: MessageID?
    /// JSON, as in `messages_out`.
    package var content: String
    package var state: DeliveryState
    package var attempts: Int
    package var nextAttempt: Timestamp?
    /// Parts of a split text that are out.
    package var partsDone: Int
    package var platformMessageID: String?
    package var error: String?
    package var recordedAt: Timestamp
    package var updatedAt: Timestamp
    /// Of a message to another agent, the rows that its turn took, as its runner says; not recorded.
    package var taken: [MessageID] = []
    /// It took the place of a draft, of which the next host knows nothing: sent again it would be seen twice; not recorded.
    package var tookPlace = false
    /// The first of the attempts that may have brought it there, of which nobody knows; recorded as the time of a row in state
    /// `sending`.
    package var openSince: Timestamp?

    package init(
        message: MessageID,
        seq: Int64,
        incarnation: Incarnation,
        turn: TurnID,
        kind: OutboundKind,
        address: ChatAddress?,
        inReplyTo: MessageID? = nil,
        content: String,
        state: DeliveryState,
        attempts: Int = 0,
        nextAttempt: Timestamp? = nil,
        partsDone: Int = 0,
        platformMessageID: String? = nil,
        error: String? = nil,
        recordedAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.message = message
        self.seq = seq
        self.incarnation = incarnation
        self.turn = turn
        self.kind = kind
        self.address = address
        self.inReplyTo = inReplyTo
        self.content = content
        self.state = state
        self.attempts = attempts
        self.nextAttempt = nextAttempt
        self.partsDone = partsDone
        self.platformMessageID = platformMessageID
        self.error = error
        self.recordedAt = recordedAt
        self.updatedAt = updatedAt
    }

    /// The first record of a row that a snapshot showed.
    package init(_ row: OutboundRow, incarnation: Incarnation, state: DeliveryState, at time: Timestamp) throws {
        self.init(
            message: row.id,
            seq: row.seq,
            incarnation: incarnation,
            turn: row.turn,
            kind: row.content.kind,
            address: row.address,
            inReplyTo: row.inReplyTo,
            content: try row.content.json(),
            state: state,
            nextAttempt: row.deliverAfter,
            recordedAt: time,
            updatedAt: time
        )
    }
}

/// The `state` column of `deliveries`.
package enum DeliveryState: String, Codable, Sendable, CaseIterable {
    /// Handed, first at the time of its change, to a channel that cannot tell a repeat, or not for ever; what came of it is not
    /// known.
    case sending
    /// At the platform; never changed again.
    case delivered
    /// To be tried again, or for the first time at `nextAttempt`.
    case retry
    case failed
    /// Nobody knows whether it went out.
    case unknown
}

/// One change of `inbound.db`; several are made in one transaction.
package enum HostChange: Sendable {
    /// Rows of `messages_in` take the state of completed and failed acks.
    case acked([Ack])
    /// Records a delivery, or changes its record.
    case delivery(Delivery)
    /// One more try: due again after 5·2ⁿ s, failed after the fifth.
    case retryRows([MessageID], error: String)
    case failRows([MessageID], error: String)
    case insert(NewInbound)
}

/// What a session has to do.
package struct SessionOverview: Sendable, Equatable {
    /// Rows of `messages_in` that are pending.
    package var open: Int
    /// Triggering rows that are due now, by seq; at most 1,000.
    package var dueTriggers: [MessageID]
    /// When the next triggering row falls due; nil when none lies ahead.
    package var nextDue: Timestamp?
    /// Deliveries in state `sending` or `retry`.
    package var openDeliveries: Int
    /// The earliest `nextAttempt` of those; nil when none waits for a time.
    package var nextAttempt: Timestamp?
    /// Rows of `messages_in` that failed, the last 100 by seq.
    package var failedRows: [MessageID]
}

/// One message of a session, of either side.
package struct SessionHistoryEntry: Sendable, Equatable {
    package let id: MessageID
    /// Even for what the agent was told, odd for what it said, 0 for a notice of the host.
    package let seq: Int64
    /// True for what was said to the chat, by the agent or for it.
    package let isOutgoing: Bool
    package let at: Timestamp
    /// `chat`, `task`, `webhook`, `system`, `edit` or `reaction`.
    package let kind: String
    /// JSON by kind.
    package let content: String
    package let address: ChatAddress?
    /// `status` of an inbound row, `state` of a delivery.
    package let state: String
}

/// What the host needs to know of a row of `messages_in` that it wrote before.
package struct InboundReference: Sendable, Equatable {
    package let seq: Int64
    package let address: ChatAddress?
    package let platformMessageID: String?
    package let sourceSession: SessionID?
    package let trigger: Bool
    /// How often a turn for it has failed.
    package let tries: Int
    /// Why it failed or is tried again; nil when it never did.
    package let lastError: String?
    /// The host itself tells the agent something: of kind `system`.
    package let isOfHost: Bool
}

/// A file of an outgoing message, open to be read from its start.
package struct OutboxFile: Sendable {
    package let descriptor: Descriptor
    /// Bytes when it was opened; not more are to be read.
    package let size: Int
    package let name: String
}
