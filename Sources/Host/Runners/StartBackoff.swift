import Core

/// Counts starts of a session's runner that failed in a row and says when to try again.
struct StartBackoff: Sendable, Equatable {
    /// After so many failures in a row the sender is told.
    static let noticeAfter = 3
    /// Between two notices to one chat.
    static let noticePause: Duration = .seconds(600)

    private(set) var failures = 0
    private(set) var retryAt: Duration?
    private(set) var lastError: String?
    private var noticedAt: Duration?

    /// A start failed at this monotonic time; true when the sender is to be told now.
    mutating func failed(_ error: String, at now: Duration) -> Bool {
        failures += 1
        lastError = error
        let delay = Duration.seconds(min(300, 1 << min(failures - 1, 9)))
        retryAt = now + delay
        var tells = failures >= Self.noticeAfter
        if let noticedAt, now - noticedAt < Self.noticePause { tells = false }
        if tells { noticedAt = now }
        return tells
    }

    /// A runner has shown life.
    mutating func started() {
        failures = 0
        retryAt = nil
        lastError = nil
    }

    /// Somebody changed what the start depends on: try at once.
    mutating func forgetDelay() { retryAt = nil }
}
