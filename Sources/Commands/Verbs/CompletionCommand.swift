import ArgumentParser

/// `nanoclaw completion SHELL`: needs no host.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes verbs and flags.",
        discussion: "bash: eval \"$(nanoclaw completion bash)\"; zsh and fish alike."
    )

    @Argument(help: "bash, zsh or fish.") var shell: String

    func run() throws {
        guard let kind = CompletionShell(rawValue: shell) else {
            throw CommandFailure(.usage, "the shell \"\(shell)\" is unknown: use one of bash, zsh, fish")
        }
        Console.out(NanoclawCommand.completionScript(for: kind))
    }
}
