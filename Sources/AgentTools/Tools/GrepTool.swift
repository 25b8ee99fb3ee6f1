import Core

/// Searches files by a regular expression, with the system's `grep` in the tool tier.
struct GrepTool: AgentTool {
    let specification = ToolSpecification(
        "grep",
        "Finds lines that fit an extended regular expression, with file and line number.",
        [
            "pattern": ["type": "string", "minLength": 1, "maxLength": 4096],
            "path": FileTools.path,
            "include": ["type": "string", "maxLength": 256, "description": "only files of this shape, such as *.md"],
            "ignore_case": ["type": "boolean"],
        ],
        required: ["pattern"]
    )
    private let services: ToolServices

    init(_ services: ToolServices) { self.services = services }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        var argv = ["/usr/bin/grep", "-rnIE", "--color=never", "--exclude-dir=.git", "-m", "200"]
        if arguments.flag("ignore_case") { argv.append("-i") }
        if let include = arguments.text("include") { argv.append("--include=\(include)") }
        argv += ["-e", try arguments.required("pattern"), "--", arguments.text("path") ?? "."]
        let timeout = Duration.seconds(context.limits.toolTimeout)
        let outcome = try await CommandRun(services: services).run(argv, timeout: timeout, context)
        if outcome.exit == .code(1), outcome.output.total == 0 { return ToolResult("(nothing matches)") }
        return ShellRun.result(outcome, timeout: timeout)
    }
}
