import ArgumentParser
import ControlProtocol
import Core
import Sandbox

/// `nanoclaw sessions …`.
struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Conversations of agents.",
        subcommands: [List.self, Get.self, History.self, Reset.self, Close.self, Stop.self]
    )

    static let help: ArgumentHelp = "Id, or the beginning of an id."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List sessions, the latest first.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Option(help: "Only of this agent group.") var group: String?

        func run() async throws {
            let rows = try await ask("sessions list", list.arguments.merging(["group": group.json]) { $1 })
            let table = Table(
                "id",
                "agent_group:GROUP",
                "chat",
                "thread_id:THREAD",
                "mode",
                "status",
                "runner",
                "last_active:LAST ACTIVE"
            )
            try output.print(rows, as: table)
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show a session and what isolates its runner.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: SessionsCommand.help) var session: String

        func run() async throws {
            let row = try await ask("sessions get", ["session": .string(session)])
            Console.out(output.json ? try JSONText.encode(row) : try SessionText.text(row))
        }
    }

    struct History: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show a session's last messages, oldest first.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: SessionsCommand.help) var session: String
        @Option(help: "How many (default 50, at most 1000).") var limit: Int64?

        func run() async throws {
            let rows = try await ask(
                "sessions history",
                ["session": .string(session), "limit": limit.map { .integer($0) }]
            )
            try output.print(rows, as: Table("seq", "at", "direction:DIR", "kind", "sender", "status", "text", "id"))
        }
    }

    struct Reset: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Forget a conversation.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: SessionsCommand.help) var session: String

        func run() async throws {
            try output.print(try await ask("sessions reset", ["session": .string(session)]), said: "reset")
        }
    }

    struct Close: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "End a session; the next message of its chat opens it again."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: SessionsCommand.help) var session: String

        func run() async throws {
            try output.print(try await ask("sessions close", ["session": .string(session)]), said: "closed")
        }
    }

    struct Stop: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Stop what a session is doing.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: SessionsCommand.help) var session: String

        func run() async throws {
            let answer = try await ask("sessions stop", ["session": .string(session)])
            try output.print(answer, said: answer[key: "stopped"] == true ? "stopped" : "nothing was running")
        }
    }
}

/// A session for people.
enum SessionText {
    /// A field a line, and below them what isolates its runner, if it has one.
    static func text(_ row: JSONValue) throws -> String {
        var fields = row.object ?? [:]
        var report: IsolationReport?
        if let isolation = fields["isolation"], isolation != .null {
            report = try isolation.decoded(as: IsolationReport.self)
            fields["isolation"] = nil
        }
        let order = ["id", "agent_group", "chat", "mode", "status", "runner"]
        let record = Table.record(.object(fields), first: order)
        guard let report else { return record }
        return "\(record)\n\nisolation: \(SandboxProbeText.text(report))"
    }
}

/// `nanoclaw dropped-messages …`.
struct DroppedMessagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dropped-messages",
        abstract: "Messages that were not taken, counted by chat, sender and reason.",
        subcommands: [List.self],
        defaultSubcommand: List.self
    )

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List them, the latest first.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("dropped-messages list", list.arguments)
            let table = Table(
                "channel_type:CHANNEL",
                "platform_id:CHAT",
                "sender_id:SENDER",
                "sender_name:NAME",
                "reason",
                "message_count:COUNT",
                "last_seen:LAST"
            )
            try output.print(rows, as: table)
        }
    }
}
