package import Core
package import SessionStore

/// Which of the due rows make one turn.
package enum BatchRule {
    /// Triggering rows no further apart than this make one turn when they wait together.
    package static let burst = Duration.milliseconds(300)

    /// What a turn takes.
    package enum Selection: Sendable, Equatable {
        /// Rows for the model, by seq.
        case turn([InboundRow])
        /// One row that is `/clear`; the rows before it are taken first.
        case clear(InboundRow)
    }

    /// The next turn out of due rows (by seq); nil when none triggers.
    package static func select(_ rows: [InboundRow], mode: QueueMode) -> Selection? {
        guard let first = rows.firstIndex(where: \.trigger) else { return nil }
        if isClear(rows[first]) { return .clear(rows[first]) }
        // A run is a turn of its own, so that its end is its own; a fresh one takes nothing along.
        if isRun(rows[first]) { return .turn(isFresh(rows[first]) ? [rows[first]] : Array(rows[...first])) }
        var taken = Array(rows[...first])
        var last = rows[first]
        for row in rows[(first + 1)...] {
            if row.trigger {
                let isNear = abs(row.receivedAt.milliseconds - last.receivedAt.milliseconds) <= burst.milliseconds
                guard mode == .steer, isNear, !isClear(row), !isRun(row), !asksBeside(row, taken) else { break }
                last = row
            }
            taken.append(row)
        }
        return .turn(taken)
    }

    /// The rows that join a turn of the rows `taken` at a tool boundary: all that are due but runs, up to a `/clear` and to
    /// another conversation of an agent that has asked already; empty when none triggers.
    package static func followUps(
        _ rows: [InboundRow],
        mode: QueueMode,
        beside taken: [InboundRow] = []
    ) -> [InboundRow] {
        guard mode == .steer else { return [] }
        var joining: [InboundRow] = []
        for row in rows where !isRun(row) {
            if isClear(row) || asksBeside(row, taken + joining) { break }
            joining.append(row)
        }
        return joining.contains(where: \.trigger) ? joining : []
    }

    /// True for a run of a task.
    static func isTask(_ row: InboundRow) -> Bool { row.trigger && row.kind == .task }

    /// True for what is begun once, in a turn of its own: a run of a task, a command that somebody has allowed.
    static func isRun(_ row: InboundRow) -> Bool {
        if isTask(row) { return true }
        guard row.trigger, case .system(let system) = row.content else { return false }
        return system.allowedCommand != nil
    }

    /// True for a run of a task that is given nothing of the conversation.
    static func isFresh(_ row: InboundRow) -> Bool {
        guard case .task(let task) = row.content else { return false }
        return row.trigger && task.isFresh == true
    }

    /// True when a row comes from another conversation of an agent than one of these: both have one name here, and an answer
    /// in one turn would reach only one of them.
    private static func asksBeside(_ row: InboundRow, _ taken: [InboundRow]) -> Bool {
        guard let source = row.sourceSession, let chat = row.address?.chat else { return false }
        return taken.contains { other in
            other.address?.chat == chat && other.sourceSession.map { $0 != source } ?? false
        }
    }

    /// True for a triggering chat row that is the command `/clear`; what another agent writes is no command.
    static func isClear(_ row: InboundRow) -> Bool {
        guard row.trigger, row.sourceSession == nil, case .chat(let chat) = row.content else { return false }
        return SlashCommand(chat.text)?.name == SlashCommand.clear
    }
}
