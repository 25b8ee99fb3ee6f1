/// What the end of a run means for its task: failures are counted and told, and never end it.
package struct RunVerdict: Sendable, Equatable {
    /// Who is told of a run.
    package enum Notice: String, Codable, Sendable, CaseIterable {
        /// The chat that the task speaks in.
        case chat
        case owner
        /// The owner: it has failed three times in a row.
        case alert
    }

    /// Runs that failed in a row, this one included.
    package var failures: Int
    package var notice: Notice?

    /// Failures in a row that raise the one alert; what fails after it is told again when it has worked in between.
    package static let alertAt = 3

    /// The verdict on a run that ended so, after that many failures.
    package init(_ end: RunState, failuresBefore: Int, hasChat: Bool) {
        switch end {
        case .completed, .quiet: failures = 0
        case .claimed, .running, .stopped, .missed: failures = failuresBefore
        case .failed, .interrupted:
            failures = failuresBefore + 1
            // What a run did that was cut off nobody knows: that is told each time.
            guard failures <= Self.alertAt || end == .interrupted else { return }
            notice = failures == Self.alertAt ? .alert : end == .failed && hasChat ? .chat : .owner
        }
    }
}
