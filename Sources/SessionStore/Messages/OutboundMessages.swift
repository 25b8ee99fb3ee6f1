package import Core

/// A row for `messages_out` that the runner is about to write.
package struct NewOutbound: Sendable, Equatable {
    /// Set when files were staged for the row; else a fresh one is made.
    package var id: MessageID?
    package var content: OutboundContent
    /// Where it goes; nil for a row that the host itself answers.
    package var address: ChatAddress?
    package var inReplyTo: MessageID?
    package var turn: TurnID
    /// Not to be delivered before; nil for at once.
    package var deliverAfter: Timestamp?

    package init(
        id: MessageID? = nil,
        content: OutboundContent,
        address: ChatAddress?,
        inReplyTo: MessageID? = nil,
        turn: TurnID,
        deliverAfter: Timestamp? = nil
    ) {
        self.id = id
        self.content = content
        self.address = address
        self.inReplyTo = inReplyTo
        self.turn = turn
        self.deliverAfter = deliverAfter
    }
}

/// A row that an earlier try of a turn has already sent.
package struct SentRow: Sendable, Equatable {
    package let id: MessageID
    package let seq: Int64
    package let content: OutboundContent
    package let address: ChatAddress?
}

/// The message that an edit or a reaction may name by its number.
package struct MessageReference: Sendable, Equatable {
    package let id: MessageID
    package let seq: Int64
    /// True for a message of the agent itself; only such a one can be edited.
    package let isOwn: Bool
    package let address: ChatAddress?

    package init(id: MessageID, seq: Int64, isOwn: Bool, address: ChatAddress?) {
        self.id = id
        self.seq = seq
        self.isOwn = isOwn
        self.address = address
    }
}

/// What the last transaction of a turn writes, all of it or nothing.
package struct TurnEnd: Sendable {
    package var turn: TurnID
    package var rows: [NewOutbound]
    /// How each consumed row ended.
    package var acks: [Outcome]
    /// The provider's name and its new continuation; a nil value forgets the old one.
    ///
    /// Nil leaves it as it is.
    package var continuation: (provider: String, value: String?)?

    package init(
        turn: TurnID,
        rows: [NewOutbound] = [],
        acks: [Outcome] = [],
        continuation: (provider: String, value: String?)? = nil
    ) {
        self.turn = turn
        self.rows = rows
        self.acks = acks
        self.continuation = continuation
    }

    /// How one consumed row ended.
    package struct Outcome: Sendable, Equatable {
        package var message: MessageID
        /// `completed` or `failed`.
        package var state: AckState
        /// Why it failed, in words for people.
        package var detail: String?

        package init(_ message: MessageID, _ state: AckState = .completed, detail: String? = nil) {
            self.message = message
            self.state = state
            self.detail = detail
        }
    }
}

/// The `state` column of `processing_ack`.
package enum AckState: String, Codable, Sendable, CaseIterable {
    case processing, completed, failed
}

/// What the runner is doing.
package enum RunnerPhase: String, Codable, Sendable, CaseIterable {
    case starting, idle, thinking, tools, stopping
}

/// A tool that is running.
package struct ToolInFlight: Codable, Sendable, Equatable {
    package var name: String
    package var startedAt: Timestamp
    /// Milliseconds that it has declared it may take.
    package var timeoutMs: Int64

    package init(name: String, startedAt: Timestamp, timeoutMs: Int64) {
        self.name = name
        self.startedAt = startedAt
        self.timeoutMs = timeoutMs
    }
}
