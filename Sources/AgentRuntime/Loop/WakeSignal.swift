/// Counts wake-ups for one waiting loop: none is lost between a look at the database and the wait behind it.
struct WakeSignal {
    private var isSet = false
    private var waiter: CheckedContinuation<Void, Never>?

    /// Wakes the loop, or the next wait when none is under way.
    mutating func set() {
        isSet = true
        waiter?.resume()
        waiter = nil
    }

    /// Forgets wake-ups so far: the caller looks at everything now.
    mutating func clear() { isSet = false }

    /// Waits unless there was a wake-up since the last clear.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) {
        guard !isSet else { return continuation.resume() }
        waiter = continuation
    }
}
