package import Core
package import Cron

/// What a look at a task finds to be done: which of its occurrences are run now, which are not, and when the next is due.
package struct DueWork: Sendable, Equatable {
    /// Occurrences that are not run, as one fact.
    package struct Missed: Sendable, Equatable {
        package var first: Timestamp
        package var last: Timestamp
        /// How many; at least so many where there were more than ``DueWork/mostCounted``.
        package var count: Int

        package init(first: Timestamp, last: Timestamp, count: Int) {
            self.first = first
            self.last = last
            self.count = count
        }
    }

    /// Oldest first.
    package var runs: [Timestamp] = []
    package var missed: Missed?
    /// The first occurrence that is not due yet; nil when none comes any more.
    package var next: Timestamp?

    /// The most occurrences that the policy `all` runs.
    package static let mostRuns = 10
    /// An occurrence that is later than this was missed: the longest that a waking machine or a busy host needs.
    package static let grace = Duration.seconds(120)
    /// Occurrences that are counted one by one.
    package static let mostCounted = 5000

    /// The work at this time for a task whose first unclaimed occurrence is `first`; that one need not be a time of the
    /// schedule, which may have been changed since.
    package init(first: Timestamp, schedule: Schedule, at now: Timestamp, policy: MissedRunPolicy) {
        guard first <= now else {
            next = first
            return
        }
        next = schedule.next(after: now)
        var due = [first] + schedule.times(after: first, through: now, limit: Self.mostCounted)
        let count = due.count
        if count > Self.mostCounted { due = schedule.lastTimes(after: first, through: now, limit: Self.mostRuns + 1) }
        switch policy {
        case .all: runs = due.suffix(Self.mostRuns)
        case .latest: runs = due.suffix(1)
        case .skip: runs = due.suffix(1).filter { now <= $0 + Self.grace }
        }
        let passed = due.dropLast(runs.count)
        guard let last = passed.last else { return }
        missed = Missed(first: first, last: last, count: count - runs.count)
    }
}
