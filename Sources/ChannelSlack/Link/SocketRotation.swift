/// Which sockets of Socket Mode stand: one, and for a moment two while the old one is relieved.
///
/// A value without I/O: it is told what happened and says what to do.
package struct SocketRotation: Sendable {
    /// What happened to a socket.
    package enum Event: Sendable, Equatable {
        /// It gets events from now on.
        case hello(Int)
        /// Slack asks for another in its place.
        case refresh(Int)
        /// It has ended, or never came about.
        case ended(Int)
    }

    /// What is to be done.
    package enum Action: Sendable, Equatable {
        case open(Int)
        /// Open after a pause: the last attempt failed.
        case openLater(Int)
        /// Finish what it has begun, and close.
        case retire(Int)
        /// Nothing is received.
        case lost
    }

    /// The socket that gets events.
    package private(set) var current: Int?
    /// The one that is being opened.
    package private(set) var next: Int?
    private var count = 0

    package init() {}

    /// The first socket.
    package mutating func start() -> [Action] { [.open(fresh())] }

    /// What is to be done after this.
    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .hello(let id):
            guard id == next else { return [] }
            let old = current
            (current, next) = (id, nil)
            return old.map { [.retire($0)] } ?? []
        case .refresh(let id):
            guard id == current, next == nil else { return [] }
            return [.open(fresh())]
        case .ended(let id):
            if id == next {
                next = nil
                return [.openLater(fresh())] + (current == nil ? [.lost] : [])
            }
            guard id == current else { return [] }
            current = nil
            return next == nil ? [.openLater(fresh()), .lost] : [.lost]
        }
    }

    private mutating func fresh() -> Int {
        count += 1
        next = count
        return count
    }
}
