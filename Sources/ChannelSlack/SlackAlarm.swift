import Core
import Synchronization

/// Rings when the bot's token is found to count no more, so that whoever receives begins anew.
final class SlackAlarm: Sendable {
    private struct State {
        var why: String?
        var waiter: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    func raise(_ why: String) {
        state.withLock { state in
            if state.why == nil { state.why = why }
            return state.waiter
        }?.finish()
    }

    func clear() { state.withLock { $0 = State() } }

    /// Throws when it rings, or has rung since it was cleared; for one waiter.
    func rings() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let hasRung = state.withLock { state in
            state.waiter = continuation
            return state.why != nil
        }
        if !hasRung { for await _ in stream {} }
        try Task.checkCancellation()
        throw SlackError(.refused("invalid_auth"), state.withLock { $0.why } ?? "The token counts no more")
    }
}
