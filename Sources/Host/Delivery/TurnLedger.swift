import Core
import SessionStore
import SessionStoreHost

/// Knows when a turn is over for those who look on: its acks are read, and each of its rows has been tried once.
struct TurnLedger: Sendable, Equatable {
    /// A turn that is over.
    struct Ended: Sendable, Equatable {
        var turn: TurnID
        var messages: [MessageID]
        var outcome: TurnOutcome
        var detail: String?
    }

    private var open: [TurnID: Set<MessageID>] = [:]
    private var ended: [TurnID: Ended] = [:]
    private var order: [TurnID] = []
    /// The acks of the last snapshot: it shows them again until they are recorded.
    private var seen: Set<AckKey> = []

    private struct AckKey: Sendable, Hashable {
        var message: MessageID
        var turn: TurnID
    }

    /// A row of this turn is about to be tried for the first time.
    mutating func began(_ row: MessageID, of turn: TurnID) { open[turn, default: []].insert(row) }

    /// The first try of a row is over, however it went.
    mutating func tried(_ row: MessageID, of turn: TurnID) {
        open[turn]?.remove(row)
        if open[turn]?.isEmpty == true { open[turn] = nil }
    }

    /// Takes the acks of a snapshot and answers those that end something and are new.
    ///
    /// Those of one turn were written in one transaction.
    mutating func read(_ acks: [Ack]) -> [Ack] {
        let final = acks.filter { $0.state != .processing }
        let new = final.filter { !seen.contains(AckKey(message: $0.message, turn: $0.turn)) }
        seen = Set(final.map { AckKey(message: $0.message, turn: $0.turn) })
        for ack in new {
            if ended[ack.turn] == nil {
                ended[ack.turn] = Ended(turn: ack.turn, messages: [], outcome: .completed, detail: nil)
                order.append(ack.turn)
            }
            ended[ack.turn]?.messages.append(ack.message)
            if ack.state == .failed {
                ended[ack.turn]?.outcome = .failed
                ended[ack.turn]?.detail = ack.detail
            } else if ended[ack.turn]?.outcome == .completed, let detail = ack.detail {
                ended[ack.turn]?.detail = detail
            }
        }
        return new
    }

    /// The turns that are over now; each is answered once.
    mutating func takeEnded() -> [Ended] {
        let over = order.filter { open[$0] == nil }
        order.removeAll { open[$0] == nil }
        return over.compactMap { ended.removeValue(forKey: $0) }
    }
}
