import Core
import LinuxIO
import ShellPolicy

/// Runs a shell command in the tool tier, after somebody's word where the agent needs one.
struct ShellTool: AgentTool {
    let specification = ToolSpecification(
        "shell",
        """
        Runs a command with /bin/sh in your folder and answers its output and exit status. What the command leaves \
        running ends with it, unless background is set: then it goes on, and the tool "process" shows and ends it. \
        Where a person has to allow a command, you are told so; it runs by itself once they have.
        """,
        [
            "command": ["type": "string", "minLength": 1, "maxLength": 32_768],
            "timeout_seconds": ["type": "integer", "minimum": 1, "maximum": 86_400],
            "background": ["type": "boolean"],
        ],
        required: ["command"]
    )
    private let services: ToolServices
    private let runs: ShellRun

    init(_ services: ToolServices) {
        self.services = services
        runs = ShellRun(services)
    }

    let hostTime = Duration.seconds(30)

    func declaredTimeout(_ arguments: ToolArguments) -> Duration? {
        arguments.integer("timeout_seconds").map { .seconds($0) }
    }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let command = AllowedCommand(
            command: try arguments.required("command"),
            timeoutSeconds: arguments.integer("timeout_seconds"),
            isBackground: arguments.flag("background")
        )
        let folder = services.places.agent
        if context.shell == .ask,
            ShellCommand.judge(command.command, workingDirectory: folder, workspace: folder) != .safe
        {
            return try await ask(command, context)
        }
        return try await runs.run(command, context)
    }

    /// Has somebody asked; a grant that stands already lets it run in this call.
    private func ask(_ command: AllowedCommand, _ context: ToolContext) async throws -> ToolResult {
        let reply = try await services.conversation.ask(
            host: AllowedCommand.action,
            arguments: try JSONValue(encoding: command),
            waitingFor: hostTime
        )
        guard reply.status == .ok, let allowed = try reply.result?.decoded(as: AllowedCommand.self) else {
            return reply.toolResult
        }
        return try await runs.run(allowed, context)
    }
}
