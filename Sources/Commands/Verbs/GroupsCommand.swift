import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw groups …`.
struct GroupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Agent groups: who the agents are.",
        subcommands: [
            List.self, Get.self, Create.self, Update.self, Delete.self, Restart.self, GroupConfigCommand.self,
        ]
    )

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List agent groups.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Flag(help: "Also folders below groups/ that no agent group has.")
        var all = false

        func run() async throws {
            let rows = try await ask("groups list", list.arguments.merging(["all": .bool(all)]) { $1 })
            try output.print(rows, as: Table("folder", "name", "id", "provider", "sessions", "created_at:CREATED"))
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one agent group.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String

        func run() async throws {
            try output.print(
                record: try await ask("groups get", ["group": .string(group)]),
                first: "id",
                "folder",
                "name"
            )
        }
    }

    struct Create: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Create an agent group with its folder and configuration.",
            discussion: "With --folder, a folder that stands below groups/ already is taken over with what is in it."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name (default: the folder's).") var title: String?
        @Option(help: "Its name, as an option.") var name: String?
        @Option(help: "The folder below groups/ (default: made from the name).") var folder: String?

        func validate() throws {
            guard name == nil || title == nil else { throw ValidationError("give the name once") }
            guard name ?? title ?? folder != nil else {
                throw ValidationError("give a name, or a --folder to take over")
            }
        }

        func run() async throws {
            let made = try await ask("groups create", ["name": (name ?? title).json, "folder": folder.json])
            let folder = Table.cell("", made[key: "folder"])
            try output.print(made, said: "created agent group \(folder) (\(Table.cell("", made[key: "id"])))")
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Rename an agent group.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String
        @Option(help: "The new name.") var name: String

        func run() async throws {
            let row = try await ask("groups update", ["group": .string(group), "name": .string(name)])
            try output.print(record: row, first: "id", "folder", "name")
        }
    }

    struct Delete: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Delete an agent group with its wirings, sessions and roles; its folder stays."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String

        func run() async throws {
            let answer = try await ask("groups delete", ["group": .string(group)])
            try output.print(answer, said: "deleted; the folder \(Table.cell("", answer[key: "folder"])) stays")
        }
    }

    struct Restart: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Replace the runners of an agent group.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String
        @Option(help: "Tell this to the new runners.") var message: String?

        func run() async throws {
            let answer = try await ask("groups restart", ["group": .string(group), "message": message.json])
            try output.print(answer, said: "restarted \(Table.cell("", answer[key: "restarted"])) sessions")
        }
    }

    static let help: ArgumentHelp = "Folder, name, id, or the beginning of an id."
}

/// `nanoclaw groups config …`.
struct GroupConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "How an agent group works.",
        subcommands: [Get.self, Update.self]
    )

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show an agent group's configuration.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String

        func run() async throws {
            let row = try await ask("groups config get", ["group": .string(group)])
            try output.print(record: row, first: "provider", "model", "assistantName")
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Change an agent group's configuration; it takes effect with the next turn.",
            discussion: "An empty value takes a setting back to its default. Lists are separated by commas."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: GroupsCommand.help) var group: String
        @Option(help: "A provider's name; offline for none.") var provider: String?
        @Option(help: "The model, instead of the provider's.") var model: String?
        @Option(help: "The name the agent goes by.") var assistantName: String?
        @Option(help: "An IANA time zone.") var timeZone: String?
        @Option(help: "all, or names of skills.") var skills: String?
        @Option(help: "Tools that the agent does not have.") var deniedTools: String?
        @Option(help: "Names from mounts: of config.yaml.") var mounts: String?
        @Option(help: "What nanoclaw inside the sandbox may do: disabled, group or global.") var cliScope: String?
        @Option(help: "Whether shell commands that do more than read need an admin's word: allow or ask.")
        var shellPolicy: String?
        @Option(
            name: .customLong("limit"),
            help: ArgumentHelp("A number, such as idleSeconds=60.", valueName: "name=value")
        )
        var limits: [String] = []
        @Option(name: .customLong("set"), help: ArgumentHelp("Any key of `groups config get`.", valueName: "key=value"))
        var settings: [String] = []

        func validate() throws {
            for text in limits + settings where !text.contains("=") {
                throw ValidationError("--limit and --set take name=value, not \"\(text)\"")
            }
        }

        func run() async throws {
            var changes: [String: JSONValue] = [:]
            let named = [
                ("model", model), ("assistantName", assistantName), ("timeZone", timeZone), ("skills", skills),
                ("deniedTools", deniedTools), ("mounts", mounts), ("cliScope", cliScope),
                ("shellPolicy", shellPolicy),
            ]
            for case (let key, let value?) in named { changes[key] = .string(value) }
            for text in limits.map({ "limits.\($0)" }) + settings {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                changes[parts[0]] = .string(parts[1])
            }
            let row = try await ask(
                "groups config update",
                ["group": .string(group), "provider": provider.json, "set": changes.isEmpty ? nil : .object(changes)]
            )
            try output.print(record: row, first: "provider", "model", "assistantName")
        }
    }
}
