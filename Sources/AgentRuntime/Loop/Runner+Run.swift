import AgentTools
import Core
import Prompting
import SessionStore

extension Runner {
    /// The rows as the prompt shows them; nil when a pre-script has ended the turn before any model was asked.
    ///
    /// A run is claimed before anything is done for it: what has begun is never begun again.
    func prepare(_ rows: [InboundRow]) async throws -> [PromptRow]? {
        guard let row = try open().run else { return rows.map(\.prompt) }
        switch row.content {
        case .task(let task): return try await prepare(task, row, rows)
        case .system(let system):
            guard let command = system.allowedCommand else { return rows.map(\.prompt) }
            var prompt = row.prompt
            prompt.content = .system(try await run(command, allowedBy: system, row))
            return prompts(rows, with: prompt)
        default: return rows.map(\.prompt)
        }
    }

    /// The rows as the prompt shows them, one of them as given.
    private func prompts(_ rows: [InboundRow], with changed: PromptRow) -> [PromptRow] {
        rows.map { $0.id == changed.id ? changed : $0.prompt }
    }

    private func prepare(_ task: TaskContent, _ row: InboundRow, _ rows: [InboundRow]) async throws -> [PromptRow]? {
        // The run alone: context that it would take along waits when there is nothing to do.
        try await claim(row)
        guard let script = task.script, let scripts else { return rows.map(\.prompt) }
        let verdict = try await running("pre-script", PreScript.timeout) { try await scripts.run(script) }
        switch verdict {
        case .wake(let data):
            var prompt = row.prompt
            prompt.scriptOutput = data ?? "null"
            return prompts(rows, with: prompt)
        case .quiet:
            try await commit([], [TurnEnd.Outcome(row.id, detail: TaskContent.quiet)], keeps: false)
        case .failed(let why):
            try await commit([], [TurnEnd.Outcome(row.id, .failed, detail: why)], keeps: false)
        }
        return nil
    }

    /// What came of a command that somebody has allowed, as the answer to the request.
    private func run(
        _ command: AllowedCommand,
        allowedBy answer: SystemContent,
        _ row: InboundRow
    ) async throws -> SystemContent {
        func came(_ status: String, _ text: String) -> SystemContent {
            SystemContent(action: answer.action, status: status, about: answer.about, text: text)
        }
        let isBegun = try await patiently { try session.isClaimed(row.id) }
        guard let commands, !isBegun else {
            return came(
                "error",
                "It was allowed and begun, then cut off: whether it is done is not known. Look, or ask again."
            )
        }
        let configuration = try open().configuration
        guard !configuration.tools.denied.contains("shell") else {
            return came("error", "It was allowed, but the tool shell is denied for this agent now: it did not run.")
        }
        try await claim(row)
        let context = toolContext(configuration)
        let limit = ShellRun.timeout(command, configuration.limits)
        let result = try await running("shell", limit) {
            try await ToolResult.catching { try await commands.run(command, context) }
        }
        return came(result.isError ? "error" : "ok", "\(answer.text)\n$ \(command.command)\n\(result.text)")
    }

    private func claim(_ row: InboundRow) async throws {
        let turn = try open().id
        try await patiently { try session.claim([row.id], turn: turn) }
        ring()
    }

    /// Off this thread, what waits for another process; the host sees meanwhile what is run and how long it may take.
    private func running<Value: Sendable>(
        _ name: String,
        _ limit: Duration,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let inFlight = ToolInFlight(name: name, startedAt: time.now, timeoutMs: limit.milliseconds)
        try await patiently { try session.setState(phase: .tools, tools: [inFlight]) }
        current?.hasShownTools = true
        let work = Task.detached { try await body() }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }
}
