package import Core

/// How often one sender has guessed; a try is counted before anything is compared.
///
/// Five tries; then nothing is compared until ten minutes after the fifth. A code lives ten minutes, so that no sender
/// ever has more than five tries at one code.
package struct PairingTries: Sendable, Equatable {
    package static let most = 5
    /// How long a code is valid, and how long a try counts.
    package static let period = Duration.seconds(600)

    /// Tries that count.
    package private(set) var count: Int
    /// When the last one was counted.
    package private(set) var lastAt: Timestamp

    /// Nobody has tried yet.
    package init() {
        count = 0
        lastAt = Timestamp(milliseconds: 0)
    }

    /// What was stored of a sender.
    package init(count: Int, lastAt: Timestamp) {
        self.count = count
        self.lastAt = lastAt
    }

    /// Counts a try; false when the sender has none left: then nothing may be compared.
    package mutating func take(at now: Timestamp) -> Bool {
        if lastAt + Self.period <= now { count = 0 }
        guard count < Self.most else { return false }
        count += 1
        lastAt = now
        return true
    }
}
