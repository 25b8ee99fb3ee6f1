import CentralStore
import Core

/// Ends what a conversation does, and what it waits for from people: a late answer wakes nobody who was told to stop.
struct SessionStop: Sendable {
    let central: CentralStore
    let supervisor: RunnerSupervisor
    let approvals: ApprovalService
    let questions: QuestionDesk
    let typing: TypingKeeper

    /// False when there was nothing to stop.
    func stop(_ handle: SessionHandle, by user: UserID?) async throws -> Bool {
        // First: what is being asked in this moment is not asked any more, or is taken back below.
        handle.noteStop()
        let wasBusy = try await supervisor.stop(handle, by: user)
        // What began in between is not asked either.
        handle.noteStop()
        typing.stop(handle.id)
        let hadRequests = try await withdraw(of: handle.id)
        try await central.write(changesRouting: false) { db in try ActionAnswer.quiet(handle.id, db) }
        return wasBusy || hadRequests
    }

    /// Takes back what a conversation waits for, where it begins anew or is closed: nothing of it runs there later.
    func forget(_ handle: SessionHandle) async throws {
        handle.noteStop()
        _ = try await withdraw(of: handle.id)
        try await central.write(changesRouting: false) { db in try ActionAnswer.removeAll(of: handle.id, db) }
    }

    private func withdraw(of session: SessionID) async throws -> Bool {
        let hadRequests = try await approvals.withdraw(of: session)
        let hadQuestions = try await questions.withdraw(of: session)
        return hadRequests || hadQuestions
    }
}
