package import Core
import LinuxIO

/// A shell command in the tool tier, from its start to what the model is told of it.
package struct ShellRun: Sendable {
    private let services: ToolServices

    /// Commands of this sandbox.
    package init(_ services: ToolServices) { self.services = services }

    /// How long it may take.
    package static func timeout(_ command: AllowedCommand, _ limits: AgentConfiguration.Limits) -> Duration {
        .seconds(min(command.timeoutSeconds ?? limits.toolTimeout, limits.maximumToolTimeout))
    }

    /// Runs it to its end, or starts it in the background.
    package func run(_ command: AllowedCommand, _ context: ToolContext) async throws -> ToolResult {
        if command.isBackground { return try await start(command.command, context) }
        let timeout = Self.timeout(command, context.limits)
        let outcome = try await CommandRun(services: services).run(
            ["/bin/sh", "-c", command.command],
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
