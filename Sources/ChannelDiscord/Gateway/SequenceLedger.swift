/// Which events the host has: the number up to which all are done, though some end before others.
struct SequenceLedger: Sendable, Equatable {
    /// All up to this number are done.
    private(set) var confirmed: Int
    /// Events under way.
    private var open: Set<Int> = []
    /// Done while an earlier one is not.
    private var done: Set<Int> = []
    /// The highest number that has come.
    private var newest: Int

    init(confirmed: Int) {
        self.confirmed = confirmed
        newest = confirmed
    }

    /// Events that have come and are not done.
    var openCount: Int { open.count }

    /// An event has come; false for a repeat of one that is under way or done.
    mutating func begin(_ seq: Int) -> Bool {
        guard seq > confirmed, !done.contains(seq), open.insert(seq).inserted else { return false }
        newest = max(newest, seq)
        return true
    }

    /// The host has an event.
    mutating func finish(_ seq: Int) {
        guard open.remove(seq) != nil else { return }
        done.insert(seq)
        settle()
    }

    /// What is under way is given up and will come again.
    mutating func abandon() {
        // What ended meanwhile stays done, so that its repeat is passed over.
        open = []
        newest = done.max() ?? confirmed
    }

    private mutating func settle() {
        // The gateway leaves numbers out: up to the first that is under way all that has come is done.
        let limit = open.min().map { $0 - 1 } ?? newest
        guard limit > confirmed, let last = done.filter({ $0 <= limit }).max() else { return }
        confirmed = max(confirmed, last)
        done = done.filter { $0 > confirmed }
    }
}
