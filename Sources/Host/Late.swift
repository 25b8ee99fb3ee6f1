import Synchronization

/// A value that is set once after those who use it were made.
final class Late<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    var wrapped: Value? { value.withLock { $0 } }

    func set(_ new: Value?) { value.withLock { $0 = new } }
}
