import Core
import Synchronization

/// Work by chat: that of one chat in order, that of others beside it.
final class EventLanes: Sendable {
    typealias Work = @Sendable () async throws -> Void

    private struct State {
        var lanes: [String: [Work]] = [:]
        var count = 0
    }

    private let most: Int
    private let state = Mutex(State())
    private let room = Alarm()

    /// At most so many wait or are under way.
    init(most: Int) { self.most = most }

    /// Nothing more is to be added for now.
    var isFull: Bool { state.withLock { $0.count >= most } }

    /// Adds work; true when the lane was empty, so that ``drain(_:)`` is to be called for it.
    func add(_ lane: String, _ work: @escaping Work) -> Bool {
        state.withLock { state in
            state.count += 1
            state.lanes[lane, default: []].append(work)
            return state.lanes[lane]?.count == 1
        }
    }

    /// Does a lane's work until it is empty; what is under way stays first in its lane.
    func drain(_ lane: String) async throws {
        while let work = state.withLock({ $0.lanes[lane]?.first }) {
            try await work()
            let isOver = state.withLock { state in
                state.count -= 1
                state.lanes[lane]?.removeFirst()
                guard state.lanes[lane]?.isEmpty == true else { return false }
                state.lanes[lane] = nil
                return true
            }
            room.raise()
            if isOver { return }
        }
    }

    /// Returns when there may be room; for one caller.
    func waitForRoom(_ time: any TimeSource) async throws {
        while isFull {
            try Task.checkCancellation()
            await room.wait(for: .seconds(1), time: time)
        }
    }
}
