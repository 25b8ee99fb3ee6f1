import CentralStore
import Core
import GRDB
import LinuxIO
import Logging
import Synchronization

/// Visits the sessions that are marked, every minute and at each due time.
///
/// Only what has no event of its own depends on it: a due time, a mark that an earlier host left, retention.
final class HostSweep: Sendable {
    /// Sessions visited at once.
    private static let width = 8

    private let central: CentralStore
    private let sessions: SessionManager
    private let supervisor: RunnerSupervisor
    private let activity: SessionActivity
    private let time: any TimeSource
    /// Between two passes when nothing is due before.
    private let period: Duration
    private let retention: Retention
    private let answers: AnswerCourier
    private let logger: Logger
    private let nextDue = Mutex<Timestamp?>(nil)
    private let alarm = Alarm()

    init(
        central: CentralStore,
        sessions: SessionManager,
        supervisor: RunnerSupervisor,
        activity: SessionActivity,
        retention: Retention,
        answers: AnswerCourier,
        period: Duration,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        self.sessions = sessions
        self.supervisor = supervisor
        self.activity = activity
        self.retention = retention
        self.answers = answers
        self.period = period
        self.time = time
        self.logger = logger
    }

    /// A session is due at that time: the next pass comes no later.
    func due(at time: Timestamp) {
        let isEarlier = nextDue.withLock { next in
            guard next.map({ time < $0 }) ?? true else { return false }
            next = time
            return true
        }
        if isEarlier { alarm.raise() }
    }

    /// Sweeps until cancelled, and beside it ends what is old.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.sweep() }
            group.addTask { await self.retention.run(every: self.period) }
        }
    }

    /// The first pass takes over everything that an earlier host left.
    private func sweep() async {
        var isFirst = true
        while !Task.isCancelled {
            await pass(everything: isFirst)
            isFirst = false
            await wait()
        }
    }

    /// One visit to each session that is marked and due; a session that fails never ends the pass.
    func pass(everything: Bool) async {
        let wasQuiet = await writeActivity()
        await answers.deliver()
        let marked: [SessionID: Timestamp?]
        do {
            marked = try await central.dirtySessions()
        } catch {
            logger.error("A sweep failed", metadata: ["error": "\(error)"])
            return
        }
        let now = time.now
        nextDue.withLock { $0 = marked.values.compactMap(\.self).filter { $0 > now }.min() }
        var left: Set<SessionID> = []
        if everything { left = Set((try? await central.leftRunners().map(\.sessionID)) ?? []) }
        let due = marked.filter { left.contains($0.key) || ($0.value ?? now) <= now }.keys.sorted()
        var rest = due[...]
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.width { if let id = rest.popFirst() { group.addTask { await self.visit(id) } } }
            while await group.next() != nil {
                if let id = rest.popFirst(), !Task.isCancelled { group.addTask { await self.visit(id) } }
            }
        }
        if wasQuiet, due.isEmpty, supervisor.live.isEmpty { await ProgramPages.release() }
    }

    /// Writes when sessions had their last messages; what cannot be written now is written by a later pass.
    ///
    /// Answers true when there were none.
    @discardableResult
    func writeActivity() async -> Bool {
        let times = activity.take()
        guard !times.isEmpty else { return true }
        do {
            try await central.setLastActive(times)
        } catch {
            for (session, time) in times { activity.note(session, at: time) }
            logger.warning("When sessions were active was not written", metadata: ["error": "\(error)"])
        }
        return false
    }

    private func visit(_ id: SessionID) async {
        do {
            await supervisor.attend(try await sessions.session(id))
        } catch {
            logger.error("A session could not be visited", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    /// Waits for the next pass's time, or an earlier one that comes up meanwhile.
    private func wait() async {
        let end = time.monotonic + period
        while time.monotonic < end, !Task.isCancelled {
            var pause = end - time.monotonic
            if let due = nextDue.withLock({ $0 }) {
                let rest = Duration.milliseconds(due.milliseconds - time.now.milliseconds)
                if rest <= .zero { return }
                pause = min(pause, rest)
            }
            await alarm.wait(for: pause, time: time)
        }
    }
}
