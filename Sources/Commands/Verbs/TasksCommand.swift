import ArgumentParser

/// `nanoclaw tasks …`.
struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "What agents are to do later, and when.",
        subcommands: [TasksNextCommand.self]
    )
}
