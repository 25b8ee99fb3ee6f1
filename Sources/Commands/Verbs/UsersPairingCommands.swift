import ArgumentParser
import ControlProtocol
import Core

extension UsersCommand {
    /// `nanoclaw users pair`.
    struct Pair: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Print a one-time code that makes whoever sends it an owner, or a member of an agent group.",
            discussion: """
                The code is valid for ten minutes and once. The person sends it to the bot as a direct message, and nothing \
                else. Without --owner and --member it is for the first owner outside this machine.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "The person becomes an owner.") var owner = false
        @Option(help: "The person becomes a member of this agent group.") var member: String?
        @Option(help: "With --member: only what they write over this channel counts.") var channel: String?
        @Option(help: "Wire the direct chat to this agent group.") var wire: String?

        func validate() throws {
            guard !owner || member == nil else { throw ValidationError("--owner and --member exclude each other") }
            guard channel == nil || member != nil else { throw ValidationError("--channel goes with --member") }
        }

        func run() async throws {
            var arguments: [String: JSONValue?] = ["wire": wire.json]
            if let member {
                arguments["group"] = .string(member)
                arguments["channel"] = channel.json
            } else if !owner {
                let owners = try await ask("roles list", ["where": ["role": "owner"]]).array ?? []
                guard owners.allSatisfy({ $0[key: "user_id"]?.string?.hasPrefix("cli:") ?? false }) else {
                    throw ValidationError("there is an owner already: say --owner, or --member GROUP")
                }
            }
            let answer = try await ask(member == nil ? "users pair-owner" : "users pair", arguments)
            try output.print(answer, said: PairingText.said(answer))
        }
    }

    /// `nanoclaw users link`.
    struct Link: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Say that two handles are one person, who has the rights of both.",
            discussion: "With --code it prints a one-time code that you send from your other account."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String?
        @Argument(help: UsersCommand.help) var other: String?
        @Flag(help: "Print a code for another handle of yours.") var code = false

        func validate() throws {
            guard code ? user == nil : other != nil else {
                throw ValidationError("users link takes two users, or --code alone")
            }
        }

        func run() async throws {
            if code {
                let answer = try await ask("users link-code")
                return try output.print(answer, said: PairingText.said(answer))
            }
            let answer = try await ask("users link", ["user": user.json, "other": other.json])
            let handles = (answer[key: "handles"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            try output.print(answer, said: "one person: \(handles)")
        }
    }

    /// `nanoclaw users unlink`.
    struct Unlink: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Take a handle out of a person's, or refuse a link that waits for an owner."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String

        func run() async throws {
            let answer = try await ask("users unlink", ["user": .string(user)])
            let left = (answer[key: "left"]?.array ?? []).compactMap(\.string)
            let rest = left.count > 1 ? "; one person still: \(left.joined(separator: ", "))" : ""
            try output.print(answer, said: "\(Table.cell("", answer[key: "unlinked"])) stands alone\(rest)")
        }
    }

    /// `nanoclaw users identities`.
    struct Identities: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "List which handles are one person, and links that wait for an owner."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("users identities", list.arguments)
            let table = Table(
                "identity_id:PERSON",
                "user_id:USER",
                "display_name:NAME",
                "state",
                "waits_for:WITH",
                "linked_by:BY",
                "linked_at:AT"
            )
            try output.print(rows, as: table)
        }
    }
}

/// What a person is told of a code.
enum PairingText {
    static func said(_ answer: JSONValue) -> String {
        let code = answer[key: "code"]?.string ?? ""
        let gives = answer[key: "gives"]?.string ?? ""
        return """
            \(code)

            Send this to the bot as a direct message, and nothing else, within ten minutes.
            It works once: whoever sends it becomes \(gives).
            """
    }
}
