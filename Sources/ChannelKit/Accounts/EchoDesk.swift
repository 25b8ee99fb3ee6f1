import Synchronization

/// Where an adapter says that the platform has shown it a message of the account's own, for those who wait to see that
/// what was sent comes back.
package final class EchoDesk: Sendable {
    private struct State {
        /// The newest ids, oldest first.
        var seen: [String] = []
        var waiters: [String: [CheckedContinuation<Void, Never>]] = [:]
    }

    /// Ids kept for those who ask a moment later.
    private static let most = 256

    private let state = Mutex(State())

    package init() {}

    /// The platform showed a message of the account's own.
    package func saw(_ platformMessageID: String) {
        let waiters = state.withLock { state in
            state.seen.append(platformMessageID)
            if state.seen.count > Self.most { state.seen.removeFirst() }
            return state.waiters.removeValue(forKey: platformMessageID) ?? []
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once that message was seen.
    ///
    /// A caller that gives up must call ``forget(_:)``.
    package func wait(for platformMessageID: String) async {
        await withCheckedContinuation { continuation in
            let isSeen = state.withLock { state in
                if state.seen.contains(platformMessageID) { return true }
                state.waiters[platformMessageID, default: []].append(continuation)
                return false
            }
            if isSeen { continuation.resume() }
        }
    }

    /// Lets everybody go who waits for that message.
    package func forget(_ platformMessageID: String) {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: platformMessageID) ?? [] }
        for waiter in waiters { waiter.resume() }
    }
}
