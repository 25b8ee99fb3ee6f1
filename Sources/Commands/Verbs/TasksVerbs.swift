import ArgumentParser
import ControlProtocol
import Core

/// The verbs of `nanoclaw tasks` that the running host carries out.
extension TasksCommand {
    static let help: ArgumentHelp = "Id, name, or the beginning of an id."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List tasks by their next time.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "Only of this agent group.") var group: String?
        @Flag(help: "Also those that are done or cancelled.") var all = false
        @Option(help: "The most rows (default 200, at most 2000).") var limit: Int64?

        func run() async throws {
            let rows = try await ask(
                "tasks list",
                ["group": group.json, "all": all ? true : nil, "limit": limit.map { .integer($0) }]
            )
            let table = Table(
                "id",
                "agent_group:GROUP",
                "name",
                "state",
                "next_local:NEXT",
                "next_utc:NEXT UTC",
                "zone",
                "schedule",
                "prompt"
            )
            try output.print(rows, as: table)
        }
    }

    struct Show: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show a task and its last run.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String

        func run() async throws {
            let row = try await ask("tasks show", ["task": .string(task)])
            try output.print(record: row, first: "id", "name", "state", "schedule", "zone", "next_local", "next_utc")
        }
    }

    /// What a task is made of, for `create` and `update`.
    struct Fields: ParsableArguments {
        @Option(help: "A time: 2026-03-29T09:00 in the task's zone, or with Z or an offset; with --every the first.")
        var at: String?
        @Option(help: "An interval of elapsed time: 15m, 2h, 1d; at least 60 s.") var every: String?
        @Option(help: "A cron expression, in quotes; see `nanoclaw tasks next`.") var cron: String?
        @Option(help: "IANA zone of its times (default: the group's, else config.yaml's).") var zone: String?
        @Option(help: "A shell script that decides in the sandbox whether the agent is woken; docs/tasks.md.")
        var script: String?
        @Option(help: "A name to call it by.") var name: String?
        @Option(help: "What becomes of runs whose time went by: skip, latest (default) or all.") var missed: String?
        @Flag(inversion: .prefixedNo, help: "Give its turns nothing of the conversation.") var fresh: Bool?

        var arguments: [String: JSONValue?] {
            [
                "at": at.json, "every": every.json, "cron": cron.json, "zone": zone.json, "script": script.json,
                "name": name.json, "missedRuns": missed.json, "fresh": fresh.map { .bool($0) },
            ]
        }
    }

    struct Create: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Make a task.",
            discussion: """
                For example: nanoclaw tasks create "Send me the weather." --group main --chat main --cron "0 7 * * *"
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "What the agent is to do.") var prompt: String
        @Option(help: GroupsCommand.help) var group: String
        @Option(help: "The chat that it speaks in; without one it speaks only where it names a destination.")
        var chat: String?
        @Option(help: "A thread of the chat.") var thread: String?
        @OptionGroup var fields: Fields

        func run() async throws {
            let place: [String: JSONValue?] = [
                "prompt": .string(prompt), "group": .string(group), "chat": chat.json, "thread": thread.json,
            ]
            let answer = try await ask("tasks create", fields.arguments.merging(place) { $1 })
            try output.print(answer, said: TasksCommand.said("created", answer))
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Change a task.",
            discussion: """
                What is not named stays. An empty --script or --name is none; an empty --every or --cron makes it run once \
                more only.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String
        @Option(help: "What the agent is to do.") var prompt: String?
        @OptionGroup var fields: Fields

        func run() async throws {
            let answer = try await ask(
                "tasks update",
                fields.arguments.merging(["task": .string(task), "prompt": prompt.json]) { $1 }
            )
            try output.print(answer, said: TasksCommand.said("updated", answer))
        }
    }

    struct Run: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Run a task now, beside its schedule.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String

        func run() async throws {
            let answer = try await ask("tasks run", ["task": .string(task)])
            try output.print(answer, said: "runs now; `nanoclaw tasks history \(task)` shows how it ends")
        }
    }

    struct Pause: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Hold a task until it is resumed.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String

        func run() async throws {
            let answer = try await ask("tasks pause", ["task": .string(task)])
            try output.print(answer, said: TasksCommand.said("paused", answer))
        }
    }

    struct Resume: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Let a task go on; one that fell due meanwhile runs as missed ones do."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String

        func run() async throws {
            let answer = try await ask("tasks resume", ["task": .string(task)])
            try output.print(answer, said: TasksCommand.said("resumed", answer))
        }
    }

    struct Cancel: HostVerb {
        static let configuration = CommandConfiguration(abstract: "End a task for good; its history stays for 30 days.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String

        func run() async throws {
            let answer = try await ask("tasks cancel", ["task": .string(task)])
            try output.print(answer, said: TasksCommand.said("cancelled", answer))
        }
    }

    struct History: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show a task's runs, the newest first.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: TasksCommand.help) var task: String
        @Option(help: "How many (default 50, at most 1000).") var limit: Int64?

        func run() async throws {
            let rows = try await ask(
                "tasks history",
                ["task": .string(task), "limit": limit.map { .integer($0) }]
            )
            let table = Table(
                "due_local:DUE",
                "due_utc:DUE UTC",
                "is_manual:MANUAL",
                "state",
                "ended_at:ENDED",
                "detail",
                "id"
            )
            try output.print(rows, as: table)
        }
    }

    /// What was done to a task, and when it runs next, in its zone and in UTC.
    private static func said(_ done: String, _ task: JSONValue) -> String {
        var text = "\(done) task \(task[key: "id"]?.string ?? "")"
        if let local = task[key: "next_local"]?.string, let utc = task[key: "next_utc"]?.string {
            text += "; next \(local) (\(task[key: "zone"]?.string ?? "")), \(utc)"
        }
        if let remark = task[key: "remark"]?.string { text += "; \(remark)" }
        return SafeText.oneLine(text)
    }
}
