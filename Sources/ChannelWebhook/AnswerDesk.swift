import Core
import Synchronization

/// Posts that wait for the agent's answer, each for the first message that answers it.
final class AnswerDesk: Sendable {
    /// One post that waits.
    struct Ticket: Sendable {
        fileprivate let id: Int
        fileprivate let address: ChatAddress
        fileprivate let answers: AsyncStream<Answer>
    }

    /// What a post is answered with; whoever gave it is told whether it was sent.
    final class Answer: Sendable {
        let text: String
        private let giver: Mutex<CheckedContinuation<Bool, Never>?>

        fileprivate init(_ text: String, _ giver: CheckedContinuation<Bool, Never>) {
            self.text = text
            self.giver = Mutex(giver)
        }

        deinit { end(false) }

        /// It was sent; one that nobody has any more was not.
        func wasSent() { end(true) }

        private func end(_ wasSent: Bool) {
            giver.withLock { giver in
                defer { giver = nil }
                return giver
            }?.resume(returning: wasSent)
        }
    }

    private struct Waiter {
        let id: Int
        let post: String
        let answer: AsyncStream<Answer>.Continuation
    }

    private struct State {
        var nextID = 0
        var waiters: [ChatAddress: [Waiter]] = [:]
    }

    private let state = Mutex(State())

    /// A ticket for the first answer to a post there; it must be given back by ``wait(_:for:_:)`` or ``drop(_:)``.
    func ticket(_ address: ChatAddress, for post: String) -> Ticket {
        let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
        return state.withLock { state in
            state.nextID += 1
            state.waiters[address, default: []].append(Waiter(id: state.nextID, post: post, answer: answer))
            return Ticket(id: state.nextID, address: address, answers: answers)
        }
    }

    /// The answer, or nil when none came in time.
    func wait(_ ticket: Ticket, for limit: Duration, _ time: any TimeSource) async -> Answer? {
        let answer = await withTaskGroup(of: Answer?.self) { group in
            group.addTask { await Self.first(of: ticket.answers) }
            group.addTask {
                try? await time.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        // An answer that came in the last moment was taken for delivered.
        if answer == nil, !drop(ticket) { return await Self.first(of: ticket.answers) }
        return answer
    }

    /// Ends a ticket; false when its answer has come.
    @discardableResult
    func drop(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            guard let index = state.waiters[ticket.address]?.firstIndex(where: { $0.id == ticket.id }) else {
                return false
            }
            state.waiters[ticket.address]?.remove(at: index)
            if state.waiters[ticket.address]?.isEmpty == true { state.waiters[ticket.address] = nil }
            return true
        }
    }

    /// Answers the post of that id, without an id the one that waits longest there; returns once it was sent, false when
    /// it does not wait or it was not.
    func give(_ text: String, at address: ChatAddress, to post: String?) async -> Bool {
        let waiter = state.withLock { state -> Waiter? in
            guard var waiters = state.waiters[address],
                let index = waiters.firstIndex(where: { post == nil || $0.post == post })
            else { return nil }
            let waiter = waiters.remove(at: index)
            state.waiters[address] = waiters.isEmpty ? nil : waiters
            return waiter
        }
        guard let waiter else { return false }
        return await withCheckedContinuation { giver in
            waiter.answer.yield(Answer(text, giver))
            waiter.answer.finish()
        }
    }

    private static func first(of answers: AsyncStream<Answer>) async -> Answer? {
        for await answer in answers { return answer }
        return nil
    }
}
