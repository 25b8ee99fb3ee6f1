import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw wirings …`.
struct WiringsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wirings",
        abstract: "Which chats lead to which agents.",
        subcommands: [List.self, Get.self, Create.self, Update.self, Delete.self, Explain.self]
    )

    static let help: ArgumentHelp = "Id, or the beginning of an id."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List wirings, by agent group and priority.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Option(help: "Only of this agent group.") var group: String?
        @Option(help: "Only of this chat.") var chat: String?

        func run() async throws {
            let also: [String: JSONValue?] = ["group": group.json, "chat": chat.json]
            let rows = try await ask("wirings list", list.arguments.merging(also) { $1 })
            let table = Table(
                "agent_group:GROUP",
                "chat",
                "engage_modes:ENGAGE",
                "engage_pattern:PATTERN",
                "chats:WHICH",
                "session_mode:SESSIONS",
                "queue_mode:QUEUE",
                "priority",
                "id"
            )
            try output.print(rows, as: table)
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one wiring.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: WiringsCommand.help) var wiring: String

        func run() async throws {
            let row = try await ask("wirings get", ["wiring": .string(wiring)])
            try output.print(record: row, first: "id", "agent_group", "chat")
        }
    }

    /// What `create` and `update` may set.
    struct Settings: ParsableArguments {
        @Option(help: "What makes the agent answer: pattern, mention, mention-sticky, reply; several with commas.")
        var engage: String?
        @Option(help: "A regular expression that the text has to match; \".\" takes everything.") var pattern: String?
        @Option(help: "Which chats: all, dm or group.") var chats: String?
        @Option(help: "Whose messages: all, or known (people with a role or membership).") var senders: String?
        @Option(help: "Messages that do not engage: drop, or accumulate as context.") var ignored: String?
        @Option(help: "Sessions: shared, per-thread or agent-shared.") var sessionMode: String?
        @Option(help: "Messages during a turn: steer, serial or concurrent.") var queueMode: String?
        @Option(help: "The chat that replies go to instead; empty for none.") var reply: String?
        @Option(parsing: .unconditional, help: "Higher comes first.") var priority: Int64?

        var arguments: [String: JSONValue?] {
            let modes = engage.map { text in
                JSONValue.array(text.split(separator: ",").map { .string(String($0)) })
            }
            return [
                "engage": modes, "pattern": pattern.json, "chats": chats.json, "senders": senders.json,
                "ignored": ignored.json, "sessionMode": sessionMode.json, "queueMode": queueMode.json,
                "reply": reply.json, "priority": priority.map { .integer($0) },
            ]
        }
    }

    struct Create: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Wire a chat to an agent group; its destination is made with it.",
            discussion: """
                The chat side is one chat (--chat), all chats of a channel or of one account on it (--channel, --account), \
                or all direct messages of one person (--person). A chat cli:local:<name> is made if there is none.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: GroupsCommand.help) var group: String
        @Option(help: MessagingGroupsCommand.help) var chat: String?
        @Option(help: "All chats of this channel.") var channel: String?
        @Option(help: "With --channel: of this account or workspace.") var account: String?
        @Option(help: "All direct messages of this user, <channel>:<id>.") var person: String?
        @OptionGroup var settings: Settings

        func validate() throws {
            guard [chat, channel, person].compactMap(\.self).count == 1 else {
                throw ValidationError("give exactly one of --chat, --channel and --person")
            }
            guard account == nil || channel != nil else { throw ValidationError("--account goes with --channel") }
        }

        func run() async throws {
            let side: [String: JSONValue?] = [
                "group": .string(group), "chat": chat.json, "channel": channel.json, "account": account.json,
                "person": person.json,
            ]
            let row = try await ask("wirings create", side.merging(settings.arguments) { $1 })
            try output.print(record: row, first: "id", "agent_group", "chat")
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Change a wiring.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: WiringsCommand.help) var wiring: String
        @OptionGroup var settings: Settings

        func run() async throws {
            let row = try await ask("wirings update", settings.arguments.merging(["wiring": .string(wiring)]) { $1 })
            try output.print(record: row, first: "id", "agent_group", "chat")
        }
    }

    struct Delete: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Delete a wiring; the destination stays until it is removed by itself."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: WiringsCommand.help) var wiring: String

        func run() async throws {
            try output.print(try await ask("wirings delete", ["wiring": .string(wiring)]), said: "deleted")
        }
    }

    struct Explain: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Say which agents and sessions a message in a chat would reach, and why."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: MessagingGroupsCommand.help) var chat: String
        @Option(help: "A thread in the chat.") var thread: String?
        @Option(help: "The message's text, for wirings with a pattern (default: hello).") var text: String?
        @Flag(inversion: .prefixedNo, help: "Whether it mentions the agent (default: only in chats of this machine).")
        var mention: Bool?

        func run() async throws {
            let routes = try await ask(
                "wirings explain",
                ["chat": .string(chat), "thread": thread.json, "text": text.json, "mention": mention.map { .bool($0) }]
            )
            guard !output.json else { return try output.print(routes, as: Table()) }
            let rows = routes.array ?? []
            if rows.isEmpty { Console.out("no wiring leads from this chat to an agent") }
            for row in rows {
                let words = ["agentName", "outcome", "session", "wiring"].map { Table.cell("", row[key: $0]) }
                Console.out("\(words[0]): \(words[1]), session \(words[2]), wiring \(words[3])")
                for reason in row[key: "reasons"]?.array ?? [] { Console.out("  \(Table.cell("", reason))") }
            }
        }
    }
}
