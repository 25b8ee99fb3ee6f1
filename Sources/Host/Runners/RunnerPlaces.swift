import Core
import OrderedCollections

/// Hands out the places among the live runners, first come, first served.
///
/// A value: the supervisor asks it under its own isolation.
struct RunnerPlaces: Sendable, Equatable {
    private(set) var limit: Int
    private(set) var held: Set<SessionID> = []
    private(set) var queue: OrderedSet<SessionID> = []

    init(limit: Int) { self.limit = max(1, limit) }

    /// Asks for a place: true when the session has one now, else it stands in the queue.
    mutating func ask(_ session: SessionID) -> Bool {
        if held.contains(session) { return true }
        if held.count < limit, queue.isEmpty || queue.first == session {
            queue.remove(session)
            held.insert(session)
            return true
        }
        queue.append(session)
        return false
    }

    /// Gives a place back, or leaves the queue; answers who gets one now.
    mutating func leave(_ session: SessionID) -> [SessionID] {
        held.remove(session)
        queue.remove(session)
        var next: [SessionID] = []
        while held.count < limit, let first = queue.first {
            queue.removeFirst()
            held.insert(first)
            next.append(first)
        }
        return next
    }
}
