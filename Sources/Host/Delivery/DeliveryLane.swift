import Core
import SessionStore
import SessionStoreHost

/// A row on its way to one destination.
struct LaneItem: Sendable, Equatable {
    var delivery: Delivery
    /// The row stands in `deliveries`, so that it survives whatever happens to `outbound.db`.
    var isRecorded: Bool
    var wasUnknown: Bool { delivery.wasUnknown }
}

extension Delivery {
    /// The outcome of an earlier attempt is not known.
    var wasUnknown: Bool { error == DeliveryPolicy.unknownOutcome }

    /// An earlier attempt may have brought it to its platform.
    var mayBeThere: Bool { wasUnknown || openSince != nil }
}

/// What one destination's rows of one session wait in: first in, first out, by seq.
struct DeliveryLane: Sendable, Equatable {
    /// Rows of one destination keep their order; a row that is to go out later has a lane of its own.
    enum Key: Sendable, Hashable {
        case chat(ChatAddress?)
        case later(MessageID)
        /// What the host is asked to do: a slow channel does not hold it up, nor it a message.
        case requests
    }

    /// What the lane does.
    enum State: Sendable, Equatable {
        case idle
        case sending(MessageID)
        /// The first row waits for its next attempt.
        case waiting(until: Timestamp)
    }

    private(set) var items: [LaneItem] = []
    private(set) var state = State.idle

    /// The lane of a row.
    static func key(_ delivery: Delivery, now: Timestamp) -> Key {
        if delivery.kind == .system { return .requests }
        if delivery.attempts == 0, let next = delivery.nextAttempt, next > now { return .later(delivery.message) }
        return .chat(delivery.address?.chat)
    }

    var isEmpty: Bool { items.isEmpty }

    /// Puts a row where its number says.
    mutating func add(_ item: LaneItem) {
        let index = items.firstIndex { $0.delivery.seq > item.delivery.seq && state != .sending($0.delivery.message) }
        items.insert(item, at: index ?? items.endIndex)
    }

    /// The row to send now; nil while one is being sent, the first one waits, or there is none.
    mutating func next(now: Timestamp) -> LaneItem? {
        if case .sending = state { return nil }
        guard let first = items.first else {
            state = .idle
            return nil
        }
        if let at = first.delivery.nextAttempt, at > now {
            state = .waiting(until: at)
            return nil
        }
        state = .sending(first.delivery.message)
        return first
    }

    /// The row that was being sent stays first, changed, for another attempt.
    mutating func keep(_ item: LaneItem) {
        guard let index = items.firstIndex(where: { $0.delivery.message == item.delivery.message }) else { return }
        items[index] = item
        state = .idle
    }

    /// The row that was being sent is done with.
    mutating func finish(_ message: MessageID) {
        items.removeAll { $0.delivery.message == message }
        state = .idle
    }

    /// Rows that nothing has recorded yet, marked as recorded from now on: what waits behind a row must survive too.
    mutating func takeUnrecorded() -> [Delivery] {
        var taken: [Delivery] = []
        for index in items.indices where !items[index].isRecorded && state != .sending(items[index].delivery.message) {
            items[index].isRecorded = true
            taken.append(items[index].delivery)
        }
        return taken
    }

    /// Removes every row but the one that is being sent.
    mutating func discard() -> [Delivery] {
        var discarded: [Delivery] = []
        items.removeAll { item in
            if state == .sending(item.delivery.message) { return false }
            discarded.append(item.delivery)
            return true
        }
        if items.isEmpty { state = .idle }
        return discarded
    }
}
