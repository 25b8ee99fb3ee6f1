import ArgumentParser
import ControlProtocol

/// `nanoclaw chat`.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Talk with an agent.",
        discussion: """
            At a terminal: a conversation. Ctrl-C stops a turn and stays, at an empty prompt it leaves with 130; Ctrl-D \
            leaves with 0. Alt-Enter or Ctrl-J begins a new line.
            With -m: sends one message and prints the replies of its turn. Exit status: 0 the turn has ended, 3 it ended \
            without a reply, 1 it failed or took longer than --timeout, 2 no host.
            """
    )

    @OptionGroup var home: HomeOptions

    @Option(
        name: [.customShort("m"), .customLong("message")],
        help: "Send one message; - reads it from standard input."
    )
    var message: String?

    @Option(help: "Seconds to wait for the end of the turn, with -m.")
    var timeout: Int = 120

    @Option(help: "The chat: main, or another cli:local:<name>.")
    var chat: String = "main"

    @Flag(help: "With -m: one JSON object a reply.")
    var json = false

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout takes 1 to 86400 seconds") }
        guard message != nil || !json else { throw ValidationError("--json goes with -m") }
    }

    func run() async throws {
        let home = try home.resolved()
        guard let message else {
            guard Console.isInteractive else {
                throw CommandFailure(.usage, "no terminal here: send one message with -m TEXT, or -m - to read it")
            }
            let status = try await Conversation(home: home, chat: chat).run()
            throw ExitCode(status)
        }
        let text = message == "-" ? try Console.standardInput(limit: 512 * 1024) : message
        guard text.contains(where: { !$0.isWhitespace }) else { throw CommandFailure(.usage, "the message is empty") }
        try await SingleMessage(home: home, chat: chat, text: text, timeout: .seconds(timeout), json: json).run()
    }
}
