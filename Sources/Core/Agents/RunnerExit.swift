/// How `agent-runner` ends, as its exit status says.
package enum RunnerExit: Int32, Sendable {
    case clean = 0
    /// Told on standard error.
    case failed = 1
    /// A start that cannot work.
    case unusable = 2
    /// The tool tier is dead.
    case toolsGone = 3
    /// The session could not be opened, or recovered, for want of room.
    case diskFull = 4
    /// The session could not be opened, or recovered: EIO.
    case diskFailing = 5

    /// For people: "the runner ended with …".
    package var words: String {
        switch self {
        case .diskFull: "no room on the disk to open its session"
        case .diskFailing: "an input/output error of the disk while it opened its session"
        default: "exit status \(rawValue)"
        }
    }
}
