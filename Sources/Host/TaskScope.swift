import Synchronization

/// Tasks that are started from anywhere and end with one scope.
package final class TaskScope: Sendable {
    private struct State {
        var nextID = 0
        var tasks: [Int: Task<Void, Never>] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// True once ``close()`` was called.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Starts a task; does nothing and answers false once the scope is closed.
    @discardableResult
    package func add(_ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.nextID += 1
            let id = state.nextID
            state.tasks[id] = Task {
                await body()
                self.state.withLock { $0.tasks[id] = nil }
            }
            return true
        }
    }

    /// Takes no more tasks, cancels those that run and waits for them.
    package func close() async {
        let tasks = state.withLock { state in
            state.isClosed = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
