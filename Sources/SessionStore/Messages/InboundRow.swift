package import Core

/// A row of `messages_in` as the runner sees it.
package struct InboundRow: Sendable, Equatable {
    package let id: MessageID
    /// The message's number in the session; even.
    package let seq: Int64
    package let content: InboundContent
    /// False for a row that is context only and starts no turn.
    package let trigger: Bool
    package let sentAt: Timestamp
    package let receivedAt: Timestamp
    /// Where an answer goes; nil when the session has no chat.
    package let address: ChatAddress?
    package let platformMessageID: String?
    /// How often a turn for this row has failed before.
    package let tries: Int
    /// The session that sent it, for a message from another agent.
    package let sourceSession: SessionID?

    package init(
        id: MessageID,
        seq: Int64,
        content: InboundContent,
        trigger: Bool = true,
        sentAt: Timestamp,
        receivedAt: Timestamp,
        address: ChatAddress? = nil,
        platformMessageID: String? = nil,
        tries: Int = 0,
        sourceSession: SessionID? = nil
    ) {
        self.id = id
        self.seq = seq
        self.content = content
        self.trigger = trigger
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.address = address
        self.platformMessageID = platformMessageID
        self.tries = tries
        self.sourceSession = sourceSession
    }

    /// The row's `kind` column.
    package var kind: InboundKind { content.kind }
}

/// What a turn may consume.
package struct DueBatch: Sendable, Equatable {
    /// In order of seq: triggering rows, and the context rows that stand before the last of them.
    package var rows: [InboundRow] = []
    /// Context rows too far back for the batch; a turn that takes the batch ends them too.
    package var passedOver: [MessageID] = []
    /// Rows whose content cannot be read, with the reason; a turn acknowledges them as failed.
    package var unreadable: [Unreadable] = []

    /// A row that cannot be understood.
    package struct Unreadable: Sendable, Equatable {
        package let id: MessageID
        package let reason: String
    }

    /// True when there is nothing to start a turn for.
    package var isEmpty: Bool { rows.isEmpty && unreadable.isEmpty }
}
