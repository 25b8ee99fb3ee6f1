/// Bounds on tasks.
package enum TaskLimits {
    /// Live tasks of one agent group.
    package static let perGroup = 100
    /// Bytes of a prompt.
    package static let prompt = 16 * 1024
    /// Bytes of a pre-script: it goes to the tool tier as one argument.
    package static let script = 32 * 1024
    /// Bytes of a name.
    package static let name = 100
    /// Between two occurrences.
    package static let shortestInterval = Duration.seconds(60)
    package static let longestInterval = Duration.seconds(366 * 86_400)
    /// Ended runs that are kept of a task.
    package static let runsKept = 200
}
