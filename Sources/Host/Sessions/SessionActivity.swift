import Core
import Synchronization

/// When a message came to each session or went from it last, since that was written: kept here, so that a message costs no
/// central write of its own, and written by the sweep.
final class SessionActivity: Sendable {
    private let times = Mutex<[SessionID: Timestamp]>([:])

    /// A message came or went.
    func note(_ session: SessionID, at time: Timestamp) {
        times.withLock { times in times[session] = max(times[session] ?? time, time) }
    }

    /// What was noted since the last time; a write that fails gives it back with ``note(_:at:)``.
    func take() -> [SessionID: Timestamp] {
        times.withLock { times in
            defer { times = [:] }
            return times
        }
    }
}
