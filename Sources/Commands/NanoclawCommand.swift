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
            Exit status: 0 done, 1 refused or failed, 2 no host serves the home, 64 wrong usage, 78 a start
            that would fail again; chat also has 3 and 130.
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(name: "Talk", subcommands: [ChatCommand.self]),
            CommandGroup(
                name: "Run",
                subcommands: [
                    UpCommand.self, StatusCommand.self, DoctorCommand.self, LogsCommand.self, ConfigCommand.self,
                    ServiceCommand.self, BackupCommand.self, UpgradeCommand.self, RetentionCommand.self,
                ]
            ),
            CommandGroup(
                name: "Agents",
                subcommands: [
                    GroupsCommand.self, ProvidersCommand.self, SkillsCommand.self, SessionsCommand.self,
                    MessagesCommand.self, TasksCommand.self,
                ]
            ),
            CommandGroup(
                name: "Chats and people",
                subcommands: [
                    ChannelsCommand.self, MessagingGroupsCommand.self, WiringsCommand.self, DestinationsCommand.self,
                    UsersCommand.self,
                    RolesCommand.self, MembersCommand.self, DroppedMessagesCommand.self, ApprovalsCommand.self,
                    AuditCommand.self,
                ]
            ),
            CommandGroup(name: "Sandbox", subcommands: [SandboxCommand.self]),
            CommandGroup(name: "Shell", subcommands: [CompletionCommand.self]),
        ]
    )

    package init() {}

    /// What is wrong when the first words name no verb; nil when they do, or when there are none.
    static func unknownVerb(in arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = NanoclawCommand.self
        var words = ["nanoclaw"]
        for word in arguments {
            let verbs = command.configuration.subcommands
            guard !verbs.isEmpty, command.configuration.defaultSubcommand == nil, !word.hasPrefix("-"),
                !(words.count == 1 && word == "help")
            else { return nil }
            guard let next = verbs.first(where: { $0._commandName == word }) else {
                let known = verbs.map { $0._commandName }.joined(separator: ", ")
                let verb = words.dropFirst() + [SafeText.oneLine(String(word.prefix(60)))]
                return "there is no verb \"\(verb.joined(separator: " "))\"; there are: \(known); "
                    + "see `\(words.joined(separator: " ")) --help`"
            }
            command = next
            words.append(word)
        }
        return nil
    }

    /// Runs the program with its arguments, the program's own name left out, and ends the process.
    package static func runAndExit(_ arguments: [String]) async -> Never {
        // A reader that has gone away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            let arguments = ArgumentOrder.normalized(arguments)
            if let complaint = unknownVerb(in: arguments) { throw CommandFailure(.usage, complaint) }
            var command = try parseAsRoot(arguments)
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
            // Wrong usage, help and statuses are the parser's; all else looks like every other error.
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            Console.error("\(error)")
            Glibc.exit(CommandFailure.Status.failed.rawValue)
        }
    }
}
