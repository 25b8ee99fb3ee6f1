package import Core
package import SessionStore

/// Which rows a turn has taken, and how far each has come.
///
/// Pure bookkeeping; nothing here touches a file.
package struct TurnLedger: Sendable, Equatable {
    /// How far a row has come.
    package enum Stage: Sendable, Equatable {
        /// Stands in a prompt that has not gone out.
        case taken
        /// Stands in a request that is under way.
        case asked
        /// The provider has answered a request that contained it.
        case consumed
    }

    /// Rows by seq, with how far they have come.
    package private(set) var rows: [(row: InboundRow, stage: Stage)]
    /// Context rows that were too far back; they end with the turn.
    package private(set) var passedOver: [MessageID]
    /// Answers of the host that tools of the turn have taken; they end with it.
    package private(set) var answers: [MessageID] = []
    /// Rows whose claim is durable.
    package private(set) var claimed: Set<MessageID> = []

    /// A turn that begins with these rows.
    package init(_ rows: [InboundRow], passedOver: [MessageID] = []) {
        self.rows = rows.map { ($0, .taken) }
        self.passedOver = passedOver
    }

    /// Ids that must be claimed before anything is written or run.
    package var unclaimed: [MessageID] {
        (rows.map(\.row.id) + passedOver).filter { !claimed.contains($0) }
    }

    /// The claim of everything so far is durable.
    package mutating func markClaimed() { claimed.formUnion(unclaimed) }

    /// Further rows joined.
    package mutating func join(_ more: [InboundRow], passedOver: [MessageID]) {
        rows += more.map { ($0, .taken) }
        self.passedOver += passedOver
    }

    /// A tool has taken this answer: no prompt shows it.
    package mutating func take(answer: MessageID) { answers.append(answer) }

    /// A request with everything so far goes out.
    package mutating func markAsked() { advance(.taken, to: .asked) }

    /// That request was answered.
    package mutating func markAnswered() { advance(.asked, to: .consumed) }

    private mutating func advance(_ from: Stage, to stage: Stage) {
        for index in rows.indices where rows[index].stage == from { rows[index].stage = stage }
    }

    /// The acks that end the turn well: every consumed row, and what was passed over.
    package var completed: [TurnEnd.Outcome] {
        rows.filter { $0.stage == .consumed }.map { TurnEnd.Outcome($0.row.id) }
            + (passedOver + answers).map { TurnEnd.Outcome($0) }
    }

    /// The acks that end the turn badly: every row that triggers, as failed; context as done.
    package func failed(_ detail: String) -> [TurnEnd.Outcome] {
        rows.map {
            TurnEnd.Outcome($0.row.id, $0.row.trigger ? .failed : .completed, detail: $0.row.trigger ? detail : nil)
        }
            + (passedOver + answers).map { TurnEnd.Outcome($0) }
    }

    package static func == (left: TurnLedger, right: TurnLedger) -> Bool {
        left.rows.map(\.row) == right.rows.map(\.row) && left.rows.map(\.stage) == right.rows.map(\.stage)
            && left.passedOver == right.passedOver && left.answers == right.answers && left.claimed == right.claimed
    }
}
