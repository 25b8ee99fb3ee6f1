import AgentTools
import Core
import Prompting
import SessionStore

extension Runner {
    /// The rows as the prompt shows them; nil when a pre-script has ended the turn before any model was asked.
    ///
    /// A run of a task is claimed before anything is done for it: what has begun is never begun again.
    func prompts(of rows: [InboundRow]) async throws -> [PromptRow]? {
        let turn = try open()
        guard let row = turn.task, case .task(let task) = row.content else { return rows.map(\.prompt) }
        // The run alone: context that it would take along waits when there is nothing to do.
        try await patiently { try session.claim([row.id], turn: turn.id) }
        ring()
        guard let script = task.script, let scripts else { return rows.map(\.prompt) }
        let inFlight = ToolInFlight(
            name: "pre-script",
            startedAt: time.now,
            timeoutMs: PreScript.timeout.milliseconds
        )
        try await patiently { try session.setState(phase: .tools, tools: [inFlight]) }
        current?.hasShownTools = true
        // Off this thread: it waits for another process.
        let run = Task.detached { try await scripts.run(script) }
        let verdict = try await withTaskCancellationHandler {
            try await run.value
        } onCancel: {
            run.cancel()
        }
        switch verdict {
        case .wake(let data):
            return rows.map { each in
                var prompt = each.prompt
                if each.id == row.id { prompt.scriptOutput = data ?? "null" }
                return prompt
            }
        case .quiet:
            try await commit([], [TurnEnd.Outcome(row.id, detail: TaskContent.quiet)], keeps: false)
        case .failed(let why):
            try await commit([], [TurnEnd.Outcome(row.id, .failed, detail: why)], keeps: false)
        }
        return nil
    }
}
