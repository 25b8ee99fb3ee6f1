import Core

/// The background processes of a runner.
package actor BackgroundProcesses {
    struct Process: Sendable {
        let running: ToolInitClient.Running
        let command: String
        let file: String
    }

    private var processes: [Int: Process] = [:]

    package init() {}

    func add(_ running: ToolInitClient.Running, command: String, file: String, number: Int) {
        processes[number] = Process(running: running, command: command, file: file)
    }

    func process(_ number: Int) throws -> Process {
        guard let process = processes[number] else {
            throw ToolFailure("no process \(number); there are: \(list())")
        }
        return process
    }

    /// One line each.
    func list() -> String {
        guard !processes.isEmpty else { return "none" }
        return processes.sorted { $0.key < $1.key }.map { number, process in
            "\(number) \(Self.state(process.running.ended)): \(process.command.prefix(120))"
        }.joined(separator: "\n")
    }

    static func state(_ exit: ToolExit?) -> String {
        switch exit {
        case nil: "running"
        case .code(let code)?: "exited with \(code)"
        case .signal(let signal)?: "ended by signal \(signal)"
        case .lost?: "lost"
        }
    }
}

/// Shows and ends background processes.
struct ProcessTool: AgentTool {
    let specification = ToolSpecification(
        "process",
        "Lists the processes that shell started in the background, shows the output of one, or ends it.",
        [
            "action": ["type": "string", "enum": ["list", "output", "kill"]],
            "id": ["type": "integer", "minimum": 1, "description": "the process's number"],
        ],
        required: ["action"]
    )
    private let services: ToolServices

    init(_ services: ToolServices) { self.services = services }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let action = try arguments.required("action")
        if action == "list" { return ToolResult(await services.processes.list()) }
        guard let number = arguments.integer("id") else { throw ToolFailure("\(action) needs the process's \"id\"") }
        let process = try await services.processes.process(number)
        if action == "kill" {
            process.running.kill(9)
            let exit = try await process.running.exit()
            return ToolResult("Process \(number): \(BackgroundProcesses.state(exit)).")
        }
        let outcome = try await CommandRun(services: services).run(
            ["/usr/bin/tail", "-c", "\(context.limits.toolOutput)", process.file],
            timeout: .seconds(10),
            context
        )
        let state = BackgroundProcesses.state(process.running.ended)
        return ToolResult("[process \(number): \(state)]\n" + outcome.output.text(file: nil))
    }
}
