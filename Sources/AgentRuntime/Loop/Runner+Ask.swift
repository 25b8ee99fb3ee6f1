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
        let request = MessageID.random()
        let row = NewOutbound(
            id: request,
            content: .system(OutboundAction(action: action, arguments: try arguments.text())),
            address: nil,
            inReplyTo: turn.routing.asked,
            turn: turn.id
        )
        let answer = try await reply(to: row, as: request, within: limit)
        guard let answer, case .system(let content) = answer.content else {
            return HostReply(
                .silent,
                request: request,
                text: "The host has not answered within \(limit.components.seconds) s."
            )
        }
        // The turn that asked is the one that ends with the answer; no other begins while its tool runs.
        current?.ledger.take(answer: answer.id)
        return HostReply(
            HostReply.Status(rawValue: content.status) ?? .error,
            request: request,
            text: content.text,
            result: content.result
        )
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
        var batch = try session.due(limit: limits.messagesPerPrompt)
        guard !awaited.isEmpty || current?.ledger.answers.isEmpty == false else { return batch }
        let taken = Set(current?.ledger.answers ?? [])
        batch.rows.removeAll { row in
            if taken.contains(row.id) { return true }
            guard case .system(let content) = row.content, let about = content.about else { return false }
            return awaited[about] != nil
        }
        return batch
    }
}
