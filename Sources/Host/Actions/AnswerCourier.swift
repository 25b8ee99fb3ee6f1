import Approvals
import CentralStore
import Core
import LinuxIO
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

    /// Puts an answer on its way; returns once it is durable, brought or not.
    func post(_ answer: ActionAnswer) async throws {
        let now = time.now
        try await central.write(changesRouting: false) { db in try answer.post(at: now, db) }
        await deliver(to: answer.session)
    }

    /// Brings what waits, of one session or of all.
    func deliver(to session: SessionID? = nil) async {
        do {
            // A session that takes none holds up only its own.
            var broken: Set<SessionID> = []
            for answer in try await central.read({ db in try ActionAnswer.waiting(of: session, db) })
            where !broken.contains(answer.session) {
                if await !deliver(answer) { broken.insert(answer.session) }
            }
        } catch {
            logger.error("Answers could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// False when the session takes nothing now.
    private func deliver(_ answer: ActionAnswer) async -> Bool {
        do {
            let handle = try await sessions.session(answer.session)
            guard handle.status == .active else {
                // Nobody reads it in a session that a person has closed; one in quarantine may be opened again.
                guard handle.status == .closed else { return false }
                try await central.write(changesRouting: false) { db in try answer.remove(db) }
                return true
            }
            let now = time.now
            let row = NewInbound(
                sourceID: Self.source(answer.request),
                content: .system(answer.content.bounded),
                trigger: answer.trigger,
                sentAt: now,
                receivedAt: now,
                address: answer.address ?? handle.origin
            )
            _ = try await ledger.holding(handle.id, reason: "answer") { try await handle.store.insert([row]) }
            crashPoint("approval.brought")
            try await central.write(changesRouting: false) { db in try answer.remove(db) }
            await supervisor.wake(handle)
            return true
        } catch {
            logger.warning(
                "An answer waits",
                metadata: ["session": "\(answer.session)", "request": "\(answer.request)", "error": "\(error)"]
            )
            return false
        }
    }
}

extension ActionAnswer {
    /// How a request for somebody's word ended; it starts a turn.
    init(_ asker: ApprovalAsker, _ result: ApprovalResult) {
        self.init(
            session: asker.session,
            request: asker.request ?? MessageID(unchecked: result.id.rawValue),
            content: SystemContent(
                action: result.action,
                status: result.outcome,
                text: result.text,
                result: result.result
            ),
            address: nil
        )
    }
}
