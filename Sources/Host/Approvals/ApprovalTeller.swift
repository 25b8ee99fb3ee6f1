import Approvals
import CentralStore
import Core
import SessionStoreHost

/// Tells a session how its request ended: a system row that starts a turn.
struct ApprovalTeller: Sendable {
    let sessions: SessionManager
    let ledger: DirtyLedger
    let supervisor: RunnerSupervisor
    let time: any TimeSource

    /// Returns once the row is durable; the same result twice is one row.
    ///
    /// A session that takes nothing more is told nothing.
    func tell(_ asker: ApprovalAsker, _ result: ApprovalResult) async throws {
        let handle = try await sessions.session(asker.session)
        guard handle.status == .active else { return }
        let now = time.now
        let row = NewInbound(
            sourceID: "approval:\(result.id):\(asker.request?.rawValue ?? "")",
            content: .system(
                SystemContent(
                    action: result.action,
                    status: result.outcome,
                    about: asker.request,
                    text: result.text
                )
            ),
            sentAt: now,
            receivedAt: now,
            address: handle.origin
        )
        try await ledger.holding(handle.id, reason: "approval") {
            _ = try await handle.store.insert([row])
        }
        await supervisor.wake(handle)
    }
}
