import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw channels …`.
struct ChannelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels",
        abstract: "The agent's accounts on chat platforms.",
        subcommands: [
            Add.self, List.self, Status.self, Test.self, Pair.self, Remove.self,
        ]
    )

    struct Add: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Add an account on a platform; on a terminal what is not given is asked for.",
            discussion: """
                `nanoclaw channels add` alone lists the platforms and what each needs. Secrets are read \
                from a file or, with -, from standard input; they are kept in data/credentials/channels, mode 0600, and \
                are never shown. The platform is asked before anything is kept.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The platform; without one all are listed.") var platform: String?
        @Option(help: "What to call the account (default: the platform's name).") var name: String?
        @Option(
            name: .customLong("set"),
            help: ArgumentHelp("A value that is no secret.", valueName: "key=value")
        )
        var settings: [String] = []
        @Option(
            name: .customLong("secret"),
            help: ArgumentHelp("A secret, read from a file; - is standard input.", valueName: "key=file")
        )
        var secrets: [String] = []

        func validate() throws {
            for text in settings + secrets where text.split(separator: "=", maxSplits: 1).count != 2 {
                throw ValidationError("\"\(text.prefix(40))\" is not key=value")
            }
            guard secrets.filter({ $0.hasSuffix("=-") }).count < 2 else {
                throw ValidationError("only one secret can be read from standard input")
            }
        }

        func run() async throws {
            let platforms = try await ask("channels platforms").array ?? []
            guard let platform else { return Console.out(ChannelTexts.platforms(platforms)) }
            guard let known = platforms.first(where: { $0[key: "channel"]?.string == platform }) else {
                let names = platforms.compactMap { $0[key: "channel"]?.string }.joined(separator: ", ")
                throw CommandFailure(.failed, "there is no platform \"\(platform.prefix(40))\"; there are: \(names)")
            }
            let values = try ChannelPrompt(platform: known).values(settings: settings, secrets: secrets)
            let row = try await ask(
                "channels add",
                ["channel": .string(platform), "name": name.json, "values": .object(values.mapValues { .string($0) })],
                events: { event in
                    // Beside the result, which a script reads.
                    if let line = event[key: "tell"]?.string { Console.error(SafeText.oneLine(line)) }
                }
            )
            let title = SafeText.oneLine(row[key: "title"]?.string ?? "")
            let name = row[key: "name"]?.string ?? ""
            try output.print(
                row,
                said: """
                    added \(name): \(title)
                    \(SafeText.oneLine(row[key: "next"]?.string ?? ""))
                    """
            )
        }
    }

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List the accounts.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("channels list", list.arguments)
            try output.print(rows, as: Table("name", "channel_type:CHANNEL", "account", "title"))
        }
    }

    struct Status: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Show how the link of every account stands: since when, and when the platform was last heard."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let rows = try await ask("channels status")
            if output.json { return try output.print(rows, said: "") }
            Console.out(ChannelTexts.status(rows.array ?? []))
        }
    }

    struct Test: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Send a line to a chat and see it come back, or say which half was proved."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The account's name.") var name: String
        @Argument(help: "The conversation: what stands behind the account in `messaging-groups list`.") var chat: String

        func run() async throws {
            let trial = try await ask("channels test", ["name": .string(name), "chat": .string(chat)])
            try output.print(trial, said: ChannelTexts.trial(trial))
            if trial[key: "isSeen"] == .bool(false) { throw ExitCode(1) }
        }
    }

    struct Pair: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Print a one-time code that makes whoever sends it to this account an owner, or a member.",
            discussion: "The code is valid for ten minutes and once; it is sent as a direct message, and nothing else."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The account's name.") var name: String
        @Option(help: "The person becomes a member of this agent group, in place of an owner.") var member: String?
        @Option(help: "Wire the direct chat to this agent group (default: main for an owner).") var wire: String?

        func run() async throws {
            let answer = try await ask(
                "channels pair",
                ["name": .string(name), "group": member.json, "wire": .string(wire ?? member ?? "main")]
            )
            try output.print(answer, said: ChannelTexts.pairing(answer))
        }
    }

    struct Remove: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Remove an account, here and at its platform, and its credentials; chats and people stay."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The account's name.") var name: String

        func run() async throws {
            let answer = try await ask("channels remove", ["name": .string(name)])
            try output.print(answer, said: ChannelTexts.removal(of: name, answer))
        }
    }
}
