package import AgentTools
package import Core
import SessionStore

extension Runner {
    package func ask(
        host action: String,
        arguments: JSONValue,
        waitingFor limit: Duration
    ) async throws -> HostReply {
        let turn = try open()
        let (reply, answer) = try await exchange(action, arguments, limit, turn: turn.id)
        guard let answer else { return reply }
        // A command that may run now has begun: no later incarnation takes it for one that has not.
        if action == AllowedCommand.action { try await patiently { try session.claim([answer], turn: turn.id) } }
        // The turn that asked is the one that ends with the answer; no other begins while its tool runs.
        current?.ledger.take(answer: answer)
        return reply
    }

    /// Carries a call of `nanoclaw` in the tool tier to the host, whatever turn is under way.
    func call(_ words: [String]) async throws -> CommandLineAnswer {
        let turn = current?.id ?? .random()
        let arguments: JSONValue = ["words": .array(words.map(JSONValue.string))]
        let (reply, answer) = try await exchange("cli", arguments, Self.callPatience, turn: turn)
        // A process has it, not the turn: it ends at once.
        if let answer { try session.commit(TurnEnd(turn: .random(), acks: [TurnEnd.Outcome(answer)])) }
        switch reply.status {
        case .ok: return CommandLineAnswer(exit: 0, output: reply.text)
        case .error: return CommandLineAnswer(exit: 1, error: reply.text)
        case .pending: return CommandLineAnswer(exit: 1, error: reply.toolResult.text)
        case .silent: return CommandLineAnswer(exit: 2, error: "nanoclaw: \(reply.text)")
        }
    }

    /// How long a call waits for the host.
    private static let callPatience = Duration.seconds(30)

    /// A request and the reply to it, with the row that brought it.
    private func exchange(
        _ action: String,
        _ arguments: JSONValue,
        _ limit: Duration,
        turn: TurnID
    ) async throws -> (HostReply, MessageID?) {
        let request = MessageID.random()
        let row = NewOutbound(
            id: request,
            content: .system(OutboundAction(action: action, arguments: try arguments.text())),
            address: nil,
            inReplyTo: current?.routing.asked,
            turn: turn
        )
        let answer = try await reply(to: row, as: request, within: limit)
        guard let answer, case .system(let content) = answer.content else {
            let text = "The host has not answered within \(limit.components.seconds) s."
            return (HostReply(.silent, request: request, text: text), nil)
        }
        let status = HostReply.Status(rawValue: content.status) ?? .error
        return (HostReply(status, request: request, text: content.text, result: content.result), answer.id)
    }

    /// Writes a request and waits for its answer; nil when there is none in time.
    ///
    /// Throws `CancellationError` when the waiting task is cancelled; the request stays asked.
    private func reply(to row: NewOutbound, as request: MessageID, within limit: Duration) async throws -> InboundRow? {
        let (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let floor = try session.lastInbound()
        awaited[request] = look
        defer { awaited[request] = nil }
        _ = try session.insert(row)
        ring()
        let deadline = time.monotonic + limit
        let timer = Task {
            try await time.sleep(until: deadline)
            look.yield()
        }
        defer { timer.cancel() }
        for await _ in looks {
            try Task.checkCancellation()
            do {
                if let answer = try session.answer(to: request, above: floor) { return answer }
            } catch  where Self.mayPass(error) {
                // The next look may find it.
            }
            if time.monotonic >= deadline { return nil }
        }
        throw CancellationError()
    }

    /// The host has rung, or a second is over: who waits for an answer looks for it.
    func lookForAnswers() {
        for look in awaited.values { look.yield() }
    }

    /// What is due, without the answers that tools wait for or have taken.
    func due(_ limits: AgentConfiguration.Limits) throws -> DueBatch {
        let taken = Set(current?.ledger.answers ?? [])
        // What is hidden takes no place from what stands behind it.
        var batch = try session.due(limit: limits.messagesPerPrompt + awaited.count + taken.count)
        guard !awaited.isEmpty || !taken.isEmpty else { return batch }
        batch.rows.removeAll { row in
            if taken.contains(row.id) { return true }
            guard case .system(let content) = row.content, let about = content.about else { return false }
            return awaited[about] != nil
        }
        return batch
    }
}
