package import Core
import Synchronization

/// Those who wait for the end of an approval.
package final class ApprovalWaiters: Sendable {
    private struct State {
        var next = 0
        var streams: [ApprovalID: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Yields when it may have ended, until the caller lets go of it.
    package func ends(of id: ApprovalID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.streams[id, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.streams[id]?[number] = nil
                if state.streams[id]?.isEmpty == true { state.streams[id] = nil }
            }
        }
        return stream
    }

    /// It has ended.
    package func ended(_ id: ApprovalID) {
        let streams = state.withLock { Array($0.streams[id, default: [:]].values) }
        for stream in streams { stream.yield() }
    }
}
