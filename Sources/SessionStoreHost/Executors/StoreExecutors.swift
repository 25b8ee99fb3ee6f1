import LinuxIO
import Synchronization

/// The few threads that do the session stores' blocking work: SQLite, fsync, directory walks.
///
/// Each session is pinned to one thread. The threads end when this object goes; every ``HostSession`` holds it.
package final class StoreExecutors: Sendable {
    private let executors: [ThreadExecutor]
    private let next = Atomic<Int>(0)

    /// Starts the threads; throws ``Errno`` when the kernel refuses.
    package init(threads: Int = 4) throws {
        executors = try (0..<max(threads, 1)).map { _ in try ThreadExecutor() }
    }

    deinit {
        for executor in executors { executor.stop() }
    }

    /// The thread for the next session, in turn.
    func pick() -> ThreadExecutor {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: number) % UInt(executors.count))]
    }

    /// Runs blocking work on one of the threads.
    package func run<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result {
        try await Worker(executor: pick(), group: self).run(body)
    }

    private actor Worker {
        private let executor: ThreadExecutor
        private let group: StoreExecutors

        init(executor: ThreadExecutor, group: StoreExecutors) {
            self.executor = executor
            self.group = group
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func run<Result: Sendable>(_ body: @Sendable () throws -> Result) throws -> Result { try body() }
    }
}
