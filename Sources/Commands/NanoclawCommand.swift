package import ArgumentParser
import ControlProtocol
import Glibc

/// The program `nanoclaw`: the host and the verbs that talk to it.
package struct NanoclawCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "nanoclaw",
        abstract: "A self-hosted assistant for a Linux box.",
        discussion: """
            Every verb takes --home DIR, before or after it; it wins over NANOCLAW_HOME, and the checkout is the default.
            Exit status: 0 done, 1 refused or failed, 2 no host serves the home, 64 wrong usage; chat also has 3 and 130.
            """,
        groupedSubcommands: [
            CommandGroup(name: "Talk", subcommands: [ChatCommand.self]),
            CommandGroup(
                name: "Run",
                subcommands: [
                    UpCommand.self, StatusCommand.self, DoctorCommand.self, LogsCommand.self, ConfigCommand.self,
                ]
            ),
            CommandGroup(
                name: "Agents",
                subcommands: [
                    GroupsCommand.self, ProvidersCommand.self, SkillsCommand.self, SessionsCommand.self,
                    MessagesCommand.self,
                ]
            ),
            CommandGroup(
                name: "Chats and people",
                subcommands: [
                    MessagingGroupsCommand.self, WiringsCommand.self, DestinationsCommand.self, UsersCommand.self,
                    RolesCommand.self, MembersCommand.self, DroppedMessagesCommand.self,
                ]
            ),
            CommandGroup(name: "Sandbox", subcommands: [SandboxCommand.self]),
            CommandGroup(name: "Shell", subcommands: [CompletionCommand.self]),
        ]
    )

    package init() {}

    /// Runs the program with its arguments, the program's own name left out, and ends the process.
    package static func runAndExit(_ arguments: [String]) async -> Never {
        // A reader that has gone away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(ArgumentOrder.normalized(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch let failure as CommandFailure {
            Console.error(failure.description)
            Glibc.exit(failure.status.rawValue)
        } catch let error as ControlError {
            Console.error(error.message)
            Glibc.exit(CommandFailure.Status.failed.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
