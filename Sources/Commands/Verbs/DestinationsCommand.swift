import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw destinations …`.
struct DestinationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destinations",
        abstract: "Where an agent may send; changes reach running sessions at once.",
        subcommands: [List.self, Add.self, Remove.self]
    )

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List destinations.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Option(help: "Only of this agent group.") var group: String?

        func run() async throws {
            let rows = try await ask("destinations list", list.arguments.merging(["group": group.json]) { $1 })
            try output.print(rows, as: Table("agent_group:GROUP", "name", "target_type:KIND", "target"))
        }
    }

    struct Add: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Let an agent send to a chat or another agent.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: GroupsCommand.help) var group: String
        @Option(help: "The name that the agent uses: a-z, 0-9 and -.") var name: String
        @Option(help: "The chat it leads to.") var chat: String?
        @Option(help: "The agent group it leads to.") var agent: String?

        func validate() throws {
            guard (chat == nil) != (agent == nil) else { throw ValidationError("give one of --chat and --agent") }
        }

        func run() async throws {
            let answer = try await ask(
                "destinations add",
                ["group": .string(group), "name": .string(name), "chat": chat.json, "agent": agent.json]
            )
            try output.print(answer, said: "added destination \(name)")
        }
    }

    struct Remove: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Take a destination away.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: GroupsCommand.help) var group: String
        @Option(help: "The destination's name.") var name: String

        func run() async throws {
            let answer = try await ask("destinations remove", ["group": .string(group), "name": .string(name)])
            try output.print(answer, said: "removed")
        }
    }
}
