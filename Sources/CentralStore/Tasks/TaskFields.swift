/// What somebody says of a task: in a command, or through an agent's tool; nil leaves a thing as it is.
package struct TaskFields: Sendable, Equatable {
    /// A time, naive or with an offset; with `every` the first one.
    package var at: String?
    /// An interval; empty for a task that is to run once more only.
    package var every: String?
    /// A cron expression; empty for a task that is to run once more only.
    package var cron: String?
    /// The IANA zone of its times.
    package var zone: String?
    package var prompt: String?
    /// Empty for none.
    package var script: String?
    /// True when an agent says so, not a person.
    package var isOfAgent = false
    /// Empty for none.
    package var name: String?
    /// `skip`, `latest` or `all`.
    package var missedRuns: String?
    package var isFresh: Bool?

    package init() {}

    /// False when nothing would change.
    package var saysSomething: Bool {
        var nothing = TaskFields()
        nothing.isOfAgent = isOfAgent
        return self != nothing
    }

    var namesSchedule: Bool { at != nil || every?.isEmpty == false || cron?.isEmpty == false }
    var makesSingle: Bool { every?.isEmpty == true || cron?.isEmpty == true }
}
