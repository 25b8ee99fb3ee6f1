import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw messaging-groups …`.
struct MessagingGroupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messaging-groups",
        abstract: "Chats: where people and agents meet.",
        subcommands: [List.self, Get.self, Create.self, Update.self, Delete.self]
    )

    static let help: ArgumentHelp = "Id, platform id, name, or the beginning of an id."

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List chats.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let table = Table(
                "channel_type:CHANNEL",
                "platform_id:PLATFORM ID",
                "name",
                "is_group:GROUP",
                "unknown_sender_policy:UNKNOWN SENDERS",
                "id"
            )
            try output.print(try await ask("messaging-groups list", list.arguments), as: table)
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one chat.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: MessagingGroupsCommand.help) var chat: String

        func run() async throws {
            let row = try await ask("messaging-groups get", ["chat": .string(chat)])
            try output.print(record: row, first: "id", "channel_type", "platform_id", "name")
        }
    }

    struct Create: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Make a chat known.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "The channel, such as cli.") var channel: String
        @Option(help: "The channel's own id of the chat.") var platformID: String
        @Option(help: "A name for it.") var name: String?
        @Flag(help: "More than two people talk in it.") var group = false
        @Option(help: "What happens to strangers: strict (default), request_approval or public.")
        var unknownSenderPolicy: String?
        @Flag(help: "Messages of other bots are taken too.") var bots = false

        func run() async throws {
            let row = try await ask(
                "messaging-groups create",
                [
                    "channel": .string(channel), "platformID": .string(platformID), "name": name.json,
                    "isGroup": .bool(group), "policy": unknownSenderPolicy.json, "bots": .bool(bots),
                ]
            )
            try output.print(record: row, first: "id", "channel_type", "platform_id", "name")
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Change a chat.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: MessagingGroupsCommand.help) var chat: String
        @Option(help: "A name; empty for none.") var name: String?
        @Flag(inversion: .prefixedNo, help: "More than two people talk in it.") var group: Bool?
        @Option(help: "strict, request_approval or public.") var unknownSenderPolicy: String?
        @Flag(inversion: .prefixedNo, help: "Messages of other bots are taken too.") var bots: Bool?
        @Flag(inversion: .prefixedNo, help: "An owner refuses this chat.") var denied: Bool?

        func run() async throws {
            let row = try await ask(
                "messaging-groups update",
                [
                    "chat": .string(chat), "name": name.json, "isGroup": group.map { .bool($0) },
                    "policy": unknownSenderPolicy.json, "denied": denied.map { .bool($0) },
                    "bots": bots.map { .bool($0) },
                ]
            )
            try output.print(record: row, first: "id", "channel_type", "platform_id", "name")
        }
    }

    struct Delete: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Forget a chat with its wirings and destinations; closes its sessions, whose files stay."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: MessagingGroupsCommand.help) var chat: String

        func run() async throws {
            try output.print(try await ask("messaging-groups delete", ["chat": .string(chat)]), said: "deleted")
        }
    }
}
