package import CentralStore

extension TaskFields {
    /// What an agent says of a task: takes the arguments that name its parts, and leaves all others.
    package init(_ arguments: inout ActionArguments) throws(HostActionRefusal) {
        self.init()
        isOfAgent = true
        prompt = try arguments.optional("prompt", most: 256 * 1024)
        at = try arguments.optional("at", most: 100)
        every = try arguments.optional("every", most: 100)
        cron = try arguments.optional("cron", most: 1000)
        zone = try arguments.optional("zone", most: 100)
        script = try arguments.optional("script", most: 256 * 1024)
        name = try arguments.optional("name", most: 1000)
        missedRuns = try arguments.optional("missed_runs", most: 100)
        isFresh = try arguments.flag("fresh")
    }
}
