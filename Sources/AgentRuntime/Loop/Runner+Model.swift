import AgentTools
import Core
import LinuxIO
import ModelProviders

extension Runner {
    /// One answer of the model, over errors that pass.
    ///
    /// The claim of new rows is made durable while it is under way; an answer that is there at once makes it needless,
    /// unless tools or rows follow before the turn's end.
    func ask() async throws -> ModelAnswer {
        while true {
            let turn = try open()
            guard let provider, let known = memory?.history else { throw ToolFailure("no provider") }
            let history = turn.isFresh ? History() : known
            let request = ModelRequest(
                model: turn.configuration.provider.model,
                system: turn.system,
                messages: history.messages + turn.messages.fitted(History.limit),
                tools: turn.tools,
                maximumOutputTokens: turn.configuration.limits.maximumOutputTokens
            )
            let wait = ModelWait(since: time.monotonic)
            current?.wait = wait
            defer { current?.wait = nil }
            let call = ModelCall(
                provider: provider.value,
                name: turn.configuration.provider.name,
                live: live,
                wait: wait,
                time: time
            )
            current?.ledger.markAsked()
            current?.modelCalls += 1
            do {
                let answer = try await claiming(while: call, answers: request)
                crashPoint("turn.answered")
                current?.ledger.markAnswered()
                current?.retry.reset()
                return answer
            } catch let error as ModelError {
                try await recover(from: error)
            }
        }
    }

    /// What a request that is under way comes to.
    private enum Arrival: Sendable {
        case answer(Result<ModelAnswer, any Error>)
        /// The answer takes long enough for a commit.
        case graceEnded
    }

    /// Makes the request and, unless its answer is there at once, the claim's commit.
    private func claiming(while call: ModelCall, answers request: ModelRequest) async throws -> ModelAnswer {
        var tasks: [Task<Void, any Error>] = []
        let arrivals = DirectStream<Arrival> { arrival in
            // Begins on this thread and stays there: an answer that is there at once costs neither a change of thread
            // nor a timer.
            tasks.append(Task.immediate { arrival.yield(.answer(await self.result(of: call, request))) })
            if call.wait.isOver { return }
            // Not by the runner's clock: nothing but the number of commits hangs on it.
            tasks.append(
                Task {
                    try await Task.sleep(for: Self.claimGrace)
                    arrival.yield(.graceEnded)
                }
            )
        }
        defer { for task in tasks { task.cancel() } }
        for try await event in arrivals {
            switch event {
            case .answer(let result): return try result.get()
            case .graceEnded: try await claim()
            }
        }
        throw CancellationError()
    }

    private func result(of call: ModelCall, _ request: ModelRequest) async -> Result<ModelAnswer, any Error> {
        defer { call.wait.end() }
        do {
            return .success(try await call.answer(to: request))
        } catch {
            return .failure(error)
        }
    }

    /// How long an answer may take to spare the turn the claim's commit, which takes some milliseconds itself.
    private static let claimGrace = Duration.milliseconds(10)

    /// The text with a full stop, if it has no end yet.
    static func sentence(_ text: String) -> String {
        text.last.map { ".!?…".contains($0) } == true ? text : "\(text)."
    }

    /// Waits, or changes the request; throws the error when the turn fails by it.
    private func recover(from error: ModelError) async throws {
        RunnerLog.write("model: \(error.code): \(error.message) \(error.cause ?? "")")
        let turn = try open()
        let hasHistory = !turn.isFresh && memory?.history.isEmpty == false
        let step = current?.retry.step(after: error, hasHistory: hasHistory) ?? .giveUp
        switch step {
        case .giveUp: throw error
        case .shorten: memory?.history.shorten()
        case .startAfresh: memory?.history = History()
        case .wait(let duration):
            if !turn.hasToldNotice, !turn.isUnattended {
                current?.hasToldNotice = true
                try await say(
                    "\(Self.sentence(error.message)) I will try again in \(duration.components.seconds) s, and then a few times more."
                )
            }
            try await time.sleep(for: duration)
        }
    }

    /// Tells the chat, once a turn, that the model has not begun to answer; the turn goes on.
    func tellWait() async throws {
        guard let turn = current, !turn.hasToldWait, !turn.isUnattended, turn.ledger.unclaimed.isEmpty,
            turn.wait?.isLong(at: time.monotonic) == true
        else { return }
        current?.hasToldWait = true
        try await say("The model has not begun to answer yet. I am still waiting for it; /stop ends this.")
    }
}
