import CentralStore
import Core
import Logging
import SessionStoreHost

/// Brings answers that were decided later than their request to the sessions that wait for them.
///
/// An answer is in the central database from its decision on; it leaves it when the session's own database has it. What
/// cannot be brought now is brought by a later sweep.
final class AnswerCourier: Sendable {
    private let central: CentralStore
    private let sessions: SessionManager
    private let ledger: DirtyLedger
    private let supervisor: RunnerSupervisor
    private let time: any TimeSource
    private let logger: Logger

    init(
        central: CentralStore,
        sessions: SessionManager,
        ledger: DirtyLedger,
        supervisor: RunnerSupervisor,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        self.sessions = sessions
        self.ledger = ledger
        self.supervisor = supervisor
        self.time = time
        self.logger = logger
    }

    /// What tells a repeat of the answer to this request.
    static func source(_ request: MessageID) -> String { "answer:\(request)" }

    /// Brings what waits, of one session or of all.
    func deliver(to session: SessionID? = nil) async {
        do {
            for answer in try await central.read({ db in try ActionAnswer.waiting(of: session, db) }) {
                await deliver(answer)
            }
        } catch {
            logger.error("Answers could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func deliver(_ answer: ActionAnswer) async {
        do {
            let handle = try await sessions.session(answer.session)
            let now = time.now
            let row = NewInbound(
                sourceID: Self.source(answer.request),
                content: .system(answer.content.bounded),
                trigger: answer.trigger,
                sentAt: now,
                receivedAt: now,
                address: answer.address
            )
            _ = try await ledger.holding(handle.id, reason: "answer") { try await handle.store.insert([row]) }
            try await central.write(changesRouting: false) { db in try answer.remove(db) }
            await supervisor.wake(handle)
        } catch {
            logger.warning(
                "An answer waits",
                metadata: ["session": "\(answer.session)", "request": "\(answer.request)", "error": "\(error)"]
            )
        }
    }
}
