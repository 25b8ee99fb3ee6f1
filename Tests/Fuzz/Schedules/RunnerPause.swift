import Core

@testable import ModelProviders

/// What the runner takes from `Retry-After`: a reader of its own, of the same name as that of the channels.
func runnerPause(_ field: String, _ now: Timestamp) -> Duration? {
    RetryAfter.duration(milliseconds: nil, retryAfter: field, now: now)
}
