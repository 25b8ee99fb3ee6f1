import Synchronization

/// The wait for a model's answer: for its first piece, and for its end.
final class ModelWait: Sendable {
    /// People are told after this time that the model has not begun; it stays below a minute.
    static let patience = Duration.seconds(45)

    private let since: Duration
    private let hasBegun = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)

    /// The request goes out at this moment of the monotonic clock.
    init(since: Duration) { self.since = since }

    /// A piece of the answer is there.
    func begin() { hasBegun.store(true, ordering: .relaxed) }

    /// The answer is whole, or there will be none.
    func end() { hasEnded.store(true, ordering: .relaxed) }

    var isOver: Bool { hasEnded.load(ordering: .relaxed) }

    /// Whether nothing has come for longer than people wait without a word.
    func isLong(at now: Duration) -> Bool {
        !hasBegun.load(ordering: .relaxed) && now - since >= Self.patience
    }
}
