package import Core
import Synchronization

/// Clocks that stand still until a test turns them.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let id: Int
        let deadline: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var wall: Timestamp
        var monotonic: Duration = .zero
        var sleepers: [Sleeper] = []
        var nextID = 0
        var watchers: [(id: Int, count: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    /// What a test waited for did not come about; without this the run would hang.
    package struct NobodySlept: Error {}

    private let state: Mutex<State>

    /// Starts at this wall time and at monotonic zero.
    package init(now: Timestamp = Timestamp(milliseconds: 1_790_000_000_000)) {
        state = Mutex(State(wall: now))
    }

    package var now: Timestamp { state.withLock { $0.wall } }
    package var monotonic: Duration { state.withLock { $0.monotonic } }

    /// Moves both clocks on and wakes who waited for it.
    package func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.monotonic += duration
            state.wall = state.wall + duration
            let due = state.sleepers.filter { $0.deadline <= state.monotonic }
            state.sleepers.removeAll { $0.deadline <= state.monotonic }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Steps the wall clock alone, as an operator or NTP would.
    package func stepWall(by duration: Duration) {
        state.withLock { $0.wall = $0.wall + duration }
    }

    /// Returns once at least this many tasks sleep on this clock; throws ``NobodySlept`` after 30 s of real time.
    package func waitForSleepers(_ count: Int = 1) async throws {
        let id = nextID()
        let net = Task {
            try await Task.sleep(for: .seconds(30))
            state.withLock { state in
                state.watchers.firstIndex { $0.id == id }.map { state.watchers.remove(at: $0).continuation }
            }?.resume(throwing: NobodySlept())
        }
        defer { net.cancel() }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let now = state.withLock { state -> Bool in
                if state.sleepers.count >= count { return true }
                state.watchers.append((id, count, continuation))
                return false
            }
            if now { continuation.resume() }
        }
    }

    private func nextID() -> Int {
        state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
    }

    package func sleep(until deadline: Duration) async throws {
        let id = nextID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (over, cancelled, watchers) = state.withLock {
                    state -> (Bool, Bool, [CheckedContinuation<Void, any Error>]) in
                    if deadline <= state.monotonic { return (true, false, []) }
                    if Task.isCancelled { return (false, true, []) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    let count = state.sleepers.count
                    let ready = state.watchers.filter { $0.count <= count }.map(\.continuation)
                    state.watchers.removeAll { $0.count <= count }
                    return (false, false, ready)
                }
                if over { continuation.resume() }
                if cancelled { continuation.resume(throwing: CancellationError()) }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
