import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw users …`.
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "People, as their channels know them.",
        subcommands: [
            List.self, Get.self, Create.self, Update.self, Delete.self, Pair.self, Link.self, Unlink.self,
            Identities.self, Export.self, Erase.self,
        ]
    )

    static let help: ArgumentHelp = "<channel>:<id>, @handle, display name, or the beginning of an id."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List people.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("users list", list.arguments)
            try output.print(
                rows,
                as: Table("id", "display_name:NAME", "handle", "channel_type:CHANNEL", "created_at:CREATED")
            )
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one person.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String

        func run() async throws {
            try output.print(record: try await ask("users get", ["user": .string(user)]), first: "id", "display_name")
        }
    }

    struct Create: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Make a person known before they write.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "<channel>:<id>, such as cli:1000.") var user: String
        @Option(help: "What people call them.") var name: String?

        func run() async throws {
            let row = try await ask("users create", ["user": .string(user), "name": name.json])
            try output.print(record: row, first: "id", "display_name")
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Change what a person is called.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String
        @Option(help: "The name.") var name: String

        func run() async throws {
            let row = try await ask("users update", ["user": .string(user), "name": .string(name)])
            try output.print(record: row, first: "id", "display_name")
        }
    }

    struct Delete: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Forget a person with their roles and memberships.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String

        func run() async throws {
            try output.print(try await ask("users delete", ["user": .string(user)]), said: "deleted")
        }
    }
}

/// `nanoclaw roles …`.
struct RolesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles",
        abstract: "Who decides: owners, and admins of everything or of one agent group.",
        subcommands: [List.self, Grant.self, Revoke.self]
    )

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List roles.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("roles list", list.arguments)
            let table = Table("user_id:USER", "role", "agent_group:GROUP", "granted_by:BY", "granted_at:GRANTED")
            try output.print(rows, as: table)
        }
    }

    struct Grant: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Grant a role.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: UsersCommand.help) var user: String
        @Option(help: "owner or admin.") var role: String
        @Option(help: "For this agent group only (admin).") var group: String?

        func run() async throws {
            let answer = try await ask(
                "roles grant",
                ["user": .string(user), "role": .string(role), "group": group.json]
            )
            try output.print(answer, said: "granted \(role) to \(Table.cell("", answer[key: "user_id"]))")
        }
    }

    struct Revoke: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Take a role away.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: UsersCommand.help) var user: String
        @Option(help: "owner or admin.") var role: String
        @Option(help: "The grant for this agent group; without it the one for everything.") var group: String?

        func run() async throws {
            let answer = try await ask(
                "roles revoke",
                ["user": .string(user), "role": .string(role), "group": group.json]
            )
            try output.print(answer, said: "revoked \(role)")
        }
    }
}

/// `nanoclaw members …`.
struct MembersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Who may speak to an agent group.",
        subcommands: [List.self, Add.self, Remove.self]
    )

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List members.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Option(help: "Only of this agent group.") var group: String?

        func run() async throws {
            let rows = try await ask("members list", list.arguments.merging(["group": group.json]) { $1 })
            let table = Table(
                "agent_group:GROUP",
                "user_id:USER",
                "channel_type:ONLY ON",
                "added_by:BY",
                "added_at:ADDED"
            )
            try output.print(rows, as: table)
        }
    }

    struct Add: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Let a person speak to an agent group.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: UsersCommand.help) var user: String
        @Option(help: GroupsCommand.help) var group: String
        @Option(help: "Only what they write over this channel counts.") var channel: String?

        func run() async throws {
            let answer = try await ask(
                "members add",
                ["user": .string(user), "group": .string(group), "channel": channel.json]
            )
            try output.print(answer, said: answer[key: "added"] == true ? "added" : "was a member already")
        }
    }

    struct Remove: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Take a membership away.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: UsersCommand.help) var user: String
        @Option(help: GroupsCommand.help) var group: String

        func run() async throws {
            let answer = try await ask("members remove", ["user": .string(user), "group": .string(group)])
            try output.print(answer, said: "removed")
        }
    }
}
