import Core

/// Something of each turn that runs, for a few turns of every session: runners say which there are.
struct RecentTurns<Value: Sendable>: Sendable {
    /// Turns of one session whose messages may not all be delivered yet.
    private static var most: Int { 4 }

    private var entries: [TurnID: (session: SessionID, value: Value)] = [:]
    /// In the order in which they began.
    private var order: [TurnID] = []

    subscript(turn: TurnID) -> Value? {
        get { entries[turn]?.value }
        set {
            guard let newValue else { return }
            entries[turn]?.value = newValue
        }
    }

    /// Those of a session, the oldest first.
    func all(of session: SessionID) -> [TurnID] { order.filter { entries[$0]?.session == session } }

    /// The turn that has to make room before a session begins another.
    func surplus(of session: SessionID) -> TurnID? {
        let own = all(of: session)
        return own.count >= Self.most ? own.first : nil
    }

    mutating func begin(_ turn: TurnID, of session: SessionID, _ value: Value) {
        if entries.updateValue((session, value), forKey: turn) == nil { order.append(turn) }
    }

    mutating func remove(_ turn: TurnID) -> Value? {
        order.removeAll { $0 == turn }
        return entries.removeValue(forKey: turn)?.value
    }
}
