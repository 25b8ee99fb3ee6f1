package import ModelProviders

/// What to do after a provider's error.
package struct RetryPolicy: Sendable, Equatable {
    /// What comes next.
    package enum Step: Sendable, Equatable {
        /// Ask again after this time.
        case wait(Duration)
        /// Ask again at once with the older half of the history left out.
        case shorten
        /// Ask again at once without any history: it may be what was refused.
        case startAfresh
        /// The turn fails.
        case giveUp
    }

    /// Waits before the second, third, … try: 63 s together.
    package static let waits: [Duration] = [1, 2, 4, 8, 16, 32].map { .seconds($0) }
    /// A server that asks for more than this is not waited for.
    package static let longestWait = Duration.seconds(300)

    private var tries = 0
    private var hasStartedAfresh = false

    package init() {}

    /// The step after this error.
    ///
    /// `hasHistory` tells whether the request held earlier turns.
    package mutating func step(after error: ModelError, hasHistory: Bool) -> Step {
        switch error.code {
        case .contextTooLong:
            return hasHistory ? .shorten : .giveUp
        case .rejected:
            guard hasHistory, !hasStartedAfresh else { return .giveUp }
            hasStartedAfresh = true
            return .startAfresh
        default:
            guard error.isRetryable, tries < Self.waits.count else { return .giveUp }
            let wait = max(Self.waits[tries], error.retryAfter ?? .zero)
            guard wait <= Self.longestWait else { return .giveUp }
            tries += 1
            return .wait(wait)
        }
    }

    /// An answer came: the next error starts from the beginning.
    package mutating func reset() { tries = 0 }
}
