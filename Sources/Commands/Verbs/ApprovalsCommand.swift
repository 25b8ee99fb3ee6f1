import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw approvals …`.
struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "What waits for somebody's word, and standing grants.",
        subcommands: [List.self, Show.self, Approve.self, Deny.self, Grants.self]
    )

    static let help: ArgumentHelp = "The approval's id, or its beginning."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List what waits; with --all what has ended too.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions
        @Flag(help: "Those that have ended too.") var all = false

        func run() async throws {
            let rows = try await ask("approvals list", list.arguments.merging(["all": .bool(all)]) { $1 })
            let table = Table(
                "id",
                "status",
                "action",
                "agent_group:GROUP",
                "title",
                "decided_by:BY",
                "expires_at:EXPIRES"
            )
            try output.print(rows, as: table)
        }
    }

    struct Show: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one: its whole plan and what happened to it.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: ApprovalsCommand.help) var approval: String

        func run() async throws {
            let record = try await ask("approvals show", ["id": .string(approval)])
            guard !output.json else { return Console.out(try JSONText.encode(record)) }
            var fields = record.object ?? [:]
            let body = fields.removeValue(forKey: "body")?.string ?? ""
            let history = fields.removeValue(forKey: "history") ?? .array([])
            fields["plan"] = nil
            Console.out(Table.record(.object(fields), first: ["id", "status", "action", "title"]))
            Console.out("\n\(SafeText.lines(body))\n")
            Console.out(Table("at", "event", "user_id:USER", "grant_id:GRANT").text(history.array ?? []))
        }
    }

    struct Approve: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Allow what the plan says.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: ApprovalsCommand.help) var approval: String
        @Option(help: "An answer of the card by its value (default once).") var answer: String?
        @Flag(help: "Write a standing grant for exactly this.") var always = false
        @Option(help: "How long the standing grant lasts, 1 to 365 (default 30).") var days: Int64?

        func validate() throws {
            guard answer == nil || !always else { throw ValidationError("give one of --answer and --always") }
        }

        func run() async throws {
            let row = try await ask(
                "approvals approve",
                [
                    "id": .string(approval), "answer": (always ? "always" : answer).json,
                    "days": days.map { .integer($0) },
                ]
            )
            try output.print(row, said: "approved \(Table.cell("", row[key: "id"]))")
        }
    }

    struct Deny: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Refuse it.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: ApprovalsCommand.help) var approval: String
        @Option(help: "Why; the agent reads it.") var reason: String?

        func run() async throws {
            let row = try await ask("approvals deny", ["id": .string(approval), "reason": reason.json])
            try output.print(row, said: "denied \(Table.cell("", row[key: "id"]))")
        }
    }
}

extension ApprovalsCommand {
    /// `nanoclaw approvals grants …`.
    struct Grants: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "grants",
            abstract: "Words given once for many times.",
            subcommands: [List.self, Revoke.self, Bypass.self]
        )

        struct List: HostVerb {
            static let configuration = CommandConfiguration(abstract: "List grants and bypasses that stand.")
            @OptionGroup var home: HomeOptions
            @OptionGroup var output: OutputOptions
            @OptionGroup var list: ListOptions
            @Flag(help: "Those that have ended too.") var all = false

            func run() async throws {
                let rows = try await ask("approvals grants list", list.arguments.merging(["all": .bool(all)]) { $1 })
                let table = Table(
                    "id",
                    "kind",
                    "action",
                    "agent_group:GROUP",
                    "scope",
                    "granted_by:BY",
                    "uses",
                    "expires_at:EXPIRES"
                )
                try output.print(rows, as: table)
            }
        }

        struct Revoke: HostVerb {
            static let configuration = CommandConfiguration(abstract: "End a grant or a bypass now.")
            @OptionGroup var home: HomeOptions
            @OptionGroup var output: OutputOptions
            @Argument(help: "The grant's id, or its beginning.") var grant: String

            func run() async throws {
                let answer = try await ask("approvals grants revoke", ["id": .string(grant)])
                try output.print(answer, said: "revoked \(Table.cell("", answer[key: "revoked"]))")
            }
        }

        struct Bypass: HostVerb {
            static let configuration = CommandConfiguration(
                abstract: "Let everything pass that an admin of the group could allow, for a while."
            )
            @OptionGroup var home: HomeOptions
            @OptionGroup var output: OutputOptions
            @Option(help: GroupsCommand.help) var group: String?
            @Flag(help: "For every agent group.") var all = false
            @Option(help: "How long, at most 480.") var minutes: Int64

            func validate() throws {
                guard (group == nil) == all else { throw ValidationError("give one of --group and --all") }
            }

            func run() async throws {
                let answer = try await ask(
                    "approvals grants bypass",
                    ["group": group.json, "minutes": .integer(minutes)]
                )
                let end = Table.cell("expires_at", answer[key: "expires_at"])
                try output.print(answer, said: "bypass \(Table.cell("", answer[key: "id"])) until \(end)")
            }
        }
    }
}
