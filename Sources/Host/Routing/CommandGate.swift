import Core

/// Which texts are commands to the host or to the runner, judged by the parser that the runner uses too.
enum CommandGate {
    enum Command: Sendable, Equatable {
        /// Handled by the host.
        case stop
        /// Handled by the host, in direct chats: a code for another handle of the same human.
        case link
        /// Handled by the runner, for admins.
        case adminOnly(String)
    }

    private static let adminOnly: Set<String> = ["clear", "compact", "context", "cost", "files"]

    /// The command that a message is; nil for chat text, which every other `/x` is.
    static func command(in text: String) -> Command? {
        guard let command = SlashCommand(text) else { return nil }
        if command.name == SlashCommand.stop { return .stop }
        if command.name == SlashCommand.link { return .link }
        return adminOnly.contains(command.name) ? .adminOnly(command.name) : nil
    }
}
