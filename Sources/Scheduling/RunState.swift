/// How far a run of a task has come, and how it ended.
package enum RunState: String, Codable, Sendable, CaseIterable {
    /// The occurrence is taken; the agent has not been told.
    case claimed
    /// The agent has it.
    case running
    case completed
    /// The pre-script found nothing to do.
    case quiet
    case failed
    /// It had begun when its runner or the host ended; it is not begun again.
    case interrupted
    /// A person stopped it.
    case stopped
    /// Its time went by, and the policy says that it is not run.
    case missed

    /// True when nothing more becomes of it.
    package var isOver: Bool { self != .claimed && self != .running }
}

/// The life of a task.
package enum TaskState: String, Codable, Sendable, CaseIterable {
    case active, paused
    /// Its last occurrence was taken.
    case done
    case cancelled

    /// True when it will run again, now or once somebody resumes it.
    package var isLive: Bool { self == .active || self == .paused }
}
