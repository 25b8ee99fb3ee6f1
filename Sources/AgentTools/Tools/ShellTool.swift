import Core
import LinuxIO

/// Runs a shell command in the tool tier.
struct ShellTool: AgentTool {
    let specification = ToolSpecification(
        "shell",
        """
        Runs a command with /bin/sh in your folder and answers its output and exit status. What the command leaves \
        running ends with it, unless background is set: then it goes on, and the tool "process" shows and ends it.
        """,
        [
            "command": ["type": "string", "minLength": 1, "maxLength": 32_768],
            "timeout_seconds": ["type": "integer", "minimum": 1, "maximum": 86_400],
            "background": ["type": "boolean"],
        ],
        required: ["command"]
    )
    private let services: ToolServices

    init(_ services: ToolServices) { self.services = services }

    func declaredTimeout(_ arguments: ToolArguments) -> Duration? {
        arguments.integer("timeout_seconds").map { .seconds($0) }
    }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let command = try arguments.required("command")
        if arguments.flag("background") { return try await start(command, context) }
        let most = Duration.seconds(context.limits.maximumToolTimeout)
        let timeout = min(declaredTimeout(arguments) ?? .seconds(context.limits.toolTimeout), most)
        let outcome = try await CommandRun(services: services).run(
            ["/bin/sh", "-c", command],
            timeout: timeout,
            context
        )
        return Self.result(outcome, timeout: timeout)
    }

    static func result(_ outcome: CommandRun.Outcome, timeout: Duration) -> ToolResult {
        var lines: [String] = []
        let text = outcome.output.text(file: outcome.file)
        if !text.isEmpty { lines.append(text.hasSuffix("\n") ? String(text.dropLast()) : text) }
        switch outcome.exit {
        case _ where outcome.isTimedOut:
            lines.append("[ended after \(timeout.components.seconds) s, its time: give timeout_seconds or background]")
        case .code(0): if lines.isEmpty { lines.append("(no output)") }
        case .code(let code): lines.append("[exit status \(code)]")
        case .signal(let signal): lines.append("[ended by signal \(signal)]")
        case .lost: lines.append("[the tool tier ended while this ran]")
        }
        return ToolResult(
            lines.joined(separator: "\n"),
            isError: outcome.exit != .code(0) || outcome.isTimedOut
        )
    }

    private func start(_ command: String, _ context: ToolContext) async throws -> ToolResult {
        let file = "\(services.places.scratch)/process-\(context.number).txt"
        let null = try Descriptor.null()
        let running = try await services.tier.start(
            ToolCommand(
                argv: ["/bin/sh", "-c", "exec >\"$0\" 2>&1\n\(command)", file],
                environment: services.places.environment,
                directory: services.places.agent,
                background: true
            ),
            input: null,
            output: null,
            error: null
        )
        await services.processes.add(running, command: command, file: file, number: context.number)
        return ToolResult("Runs in the background as process \(context.number); its output goes to \(file).")
    }
}
