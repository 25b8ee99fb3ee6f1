/// How far updates are confirmed: the platform forgets all before the offset that the next poll names.
struct PollCursor: Sendable, Equatable {
    /// What the next poll names: the first update that is not known to be taken; 0 at the very beginning.
    private(set) var offset: Int64
    /// Taken updates behind one that is not.
    private var ahead: Set<Int64> = []

    init(offset: Int64) { self.offset = offset }

    /// The updates of an answer that are still to be taken, in order.
    func open(_ answer: [TelegramUpdate]) -> [TelegramUpdate] { answer.filter { !ahead.contains($0.id) } }

    /// Moves on to the first update of the answer that could not be taken, or behind its last.
    ///
    /// The number may go back: after a week without updates the platform counts from anywhere.
    mutating func advance(_ answer: [TelegramUpdate], failed: Set<Int64>) {
        guard let last = answer.last else { return }
        guard let stop = answer.firstIndex(where: { failed.contains($0.id) }) else {
            offset = last.id < .max ? last.id + 1 : last.id
            ahead = []
            return
        }
        offset = answer[stop].id
        ahead = Set(answer[stop...].map(\.id)).subtracting(failed)
    }
}
