import Core

/// The time for a piece of work is over.
struct DeadlinePassed: Error {}

/// Runs the body; cancels it and throws ``DeadlinePassed`` when it takes longer than `limit`.
func withDeadline<Result: Sendable>(
    _ limit: Duration,
    _ time: any TimeSource,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await time.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw DeadlinePassed() }
        return result
    }
}
