import ChannelKit
import Core
import Synchronization

/// One adapter in the registry, and the life it leads.
final class ChannelEntry: Sendable {
    private struct State {
        /// Those whose place it takes: an account has one life at a time.
        var predecessors: [ChannelEntry]
        var starts = 0
        var lastError: String?
        var isLeaving = false
        var isKept = false
        /// What is to be cancelled when the adapter leaves: its run, or the pause before the next.
        var current: Task<Void, any Error>?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let name: String
    private let title: String?
    let adapter: any ChannelAdapter
    private let state: Mutex<State>

    init(name: String, title: String?, adapter: any ChannelAdapter, inPlaceOf predecessors: [ChannelEntry] = []) {
        self.name = name
        self.title = title
        self.adapter = adapter
        state = Mutex(State(predecessors: predecessors))
    }

    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    var status: ChannelStatus {
        let (starts, lastError) = state.withLock { ($0.starts, $0.lastError) }
        return ChannelStatus(
            name: name,
            channel: adapter.channel,
            account: adapter.account,
            title: title,
            health: adapter.health,
            starts: starts,
            lastError: lastError
        )
    }

    /// Its lives may begin, once those of its predecessors have ended; false when it has to leave already.
    func begin() async -> Bool {
        let isStaying = state.withLock { state in
            state.isKept = true
            return !state.isLeaving
        }
        await endPredecessors()
        return isStaying
    }

    private func endPredecessors() async {
        let predecessors = state.withLock { state in
            defer { state.predecessors = [] }
            return state.predecessors
        }
        for predecessor in predecessors { await predecessor.end() }
    }

    /// One life of the adapter; answers why it ended.
    func run(_ inbox: any ChannelInbox) async -> String {
        state.withLock { $0.starts += 1 }
        var reason = "it ended by itself"
        do {
            try await cancellable { [adapter] in try await adapter.run(inbox) }
        } catch {
            reason = "\(error)"
        }
        state.withLock { $0.lastError = reason }
        return reason
    }

    /// Waits before the next life, unless the adapter leaves.
    func pause(_ pause: Duration, _ time: any TimeSource) async {
        try? await cancellable { try await time.sleep(for: pause) }
    }

    /// Nothing runs any more.
    func ended() {
        let waiters = state.withLock { state in
            state.isKept = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Ends the adapter's life and waits for it.
    func end() async {
        let current = state.withLock { state in
            state.isLeaving = true
            return state.current
        }
        current?.cancel()
        await endPredecessors()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isKept { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// A task that ends with the caller's and with ``end()``.
    private func cancellable(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        let isLeaving = state.withLock { state in
            state.current = task
            return state.isLeaving
        }
        if isLeaving { task.cancel() }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
