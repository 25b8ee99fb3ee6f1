package import Core
import Synchronization

/// The machine's clocks, which a test can push ahead: an adapter's pauses end at once, and its own time agrees.
package final class HurriedTime: TimeSource {
    private struct Sleeper {
        let deadline: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// How far the monotonic clock is ahead of the machine's.
        var ahead: Duration = .zero
        /// How far the wall clock is.
        var wallAhead: Duration = .zero
        var sleepers: [Int: Sleeper] = [:]
        var nextID = 0
    }

    private let machine = SystemTime()
    private let state = Mutex(State())

    package init() {}

    package var now: Timestamp { machine.now + state.withLock { $0.wallAhead } }
    package var monotonic: Duration { machine.monotonic + state.withLock { $0.ahead } }

    /// Moves both clocks on and wakes who waited for it.
    package func advance(by duration: Duration) {
        state.withLock { state in
            state.ahead += duration
            state.wallAhead += duration
        }
        wake()
    }

    /// Moves the monotonic clock to the end of the shortest pause, if that ends within the limit.
    ///
    /// The wall clock stays: signatures of platforms must not grow old.
    package func jump(within limit: Duration) {
        state.withLock { state in
            let now = machine.monotonic + state.ahead
            guard let next = state.sleepers.values.map(\.deadline).min(), next > now, next - now <= limit else {
                return
            }
            state.ahead += next - now
        }
        wake()
    }

    /// Runs the body while pauses up to the limit are cut short whenever the condition holds.
    ///
    /// One pause at a time with some real time between: what follows a pause is given time to happen.
    package func hurrying<Result>(
        within limit: Duration,
        every pace: Duration = .milliseconds(100),
        when isDue: @escaping @Sendable () async -> Bool = { true },
        _ body: () async throws -> Result
    ) async rethrows -> Result {
        let pusher = Task {
            while true {
                try await machine.sleep(for: pace)
                if await isDue() { jump(within: limit) }
            }
        }
        defer { pusher.cancel() }
        return try await body()
    }

    package func sleep(until deadline: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let timer = Task {
            try await machine.sleep(for: deadline - monotonic)
            wake()
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let end = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if deadline <= machine.monotonic + state.ahead { return .success(()) }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return nil
                }
                if let end { continuation.resume(with: end) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func wake() {
        let due = state.withLock { state in
            let now = machine.monotonic + state.ahead
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
