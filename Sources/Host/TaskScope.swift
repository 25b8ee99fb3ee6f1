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

    /// Starts a task; does nothing once the scope is closed.
    package func add(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.nextID += 1
            let id = state.nextID
            state.tasks[id] = Task {
                await body()
                self.state.withLock { $0.tasks[id] = nil }
            }
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
