package import ChannelKit
import Core
import Testing

/// An adapter's life ended though nobody asked it to.
package struct LifeEnded: Error, CustomStringConvertible {
    package let description: String
}

/// Runs the body while the adapter runs and is connected; then ends its life and waits for that end.
///
/// An adapter holds its link for ever: a life that ends by itself, and one that does not end when it is told to, are
/// issues.
package func running<Result: Sendable>(
    _ adapter: any ChannelAdapter,
    _ inbox: TestInbox,
    _ body: () async throws -> Result
) async throws -> Result {
    let life = Task {
        var reason = "it returned"
        do { try await adapter.run(inbox) } catch { reason = "\(error)" }
        if !Task.isCancelled { inbox.end(LifeEnded(description: "the adapter's life ended by itself: \(reason)")) }
    }
    let outcome: Swift.Result<Result, any Error>
    do {
        try await eventually("a connected adapter; its health is \(adapter.health)") {
            if let end = inbox.ended { throw end }
            return adapter.health.state == .connected
        }
        outcome = .success(try await body())
    } catch {
        outcome = .failure(error)
    }
    let end = inbox.ended
    life.cancel()
    let isOver = try await Deadline.run(ConformanceNet.limit, SystemTime()) { await life.value } != nil
    #expect(isOver, "run(_:) must end when its task is cancelled")
    if let end, case .success = outcome { throw end }
    return try outcome.get()
}
