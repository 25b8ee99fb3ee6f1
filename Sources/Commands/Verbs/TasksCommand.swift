import ArgumentParser

/// `nanoclaw tasks …`.
struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "What agents are to do later, and when.",
        subcommands: [
            List.self, Show.self, Create.self, Update.self, Run.self, Pause.self, Resume.self, Cancel.self,
            History.self, TasksNextCommand.self,
        ]
    )
}
