/// A bound on how long anything of somebody else's is waited for.
package enum Deadline {
    /// The body's value; nil once the time is over, even when the body never returns and heeds no cancellation.
    ///
    /// Throws what the body throws, and `CancellationError` when the caller is cancelled.
    package static func run<Value: Sendable>(
        _ limit: Duration,
        _ time: any TimeSource,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let (ends, end) = AsyncStream.makeStream(of: Swift.Result<Value, any Error>?.self)
        // Not children: a child that hangs would hold up everybody who waits here.
        let work = Task {
            do { end.yield(.success(try await body())) } catch { end.yield(.failure(error)) }
        }
        let timer = Task {
            // In short steps: the runtime keeps a cancelled sleep and its task until the time that it was to end.
            let over = time.monotonic + limit
            while time.monotonic < over { try await time.sleep(until: min(over, time.monotonic + .seconds(1))) }
            end.yield(nil)
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        for await first in ends { return try first?.get() }
        throw CancellationError()
    }
}
