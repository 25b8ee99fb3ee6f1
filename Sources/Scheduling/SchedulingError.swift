package import Core

/// Why something cannot be scheduled: what is wrong, and what to write instead.
package typealias SchedulingError = CodedError<SchedulingFailure>

/// The kinds of ``SchedulingError``.
package enum SchedulingFailure: Sendable, Hashable {
    /// A schedule, time or zone that cannot be read or never comes.
    case invalid
    /// More, longer or more often than is allowed.
    case limit
}
