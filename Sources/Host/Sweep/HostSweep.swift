import CentralStore
import Core
import GRDB
import HostConfiguration
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
    private let retention: HostConfiguration.Retention
    private let logger: Logger
    /// What stands in files and grows old; called with the other records' retention.
    private let pruneFiles: @Sendable () async throws -> Void
    private let nextDue = Mutex<Timestamp?>(nil)
    private let alarm = Alarm()

    init(
        central: CentralStore,
        sessions: SessionManager,
        supervisor: RunnerSupervisor,
        activity: SessionActivity,
        configuration: HostConfiguration,
        time: any TimeSource,
        logger: Logger,
        pruneFiles: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.central = central
        self.sessions = sessions
        self.supervisor = supervisor
        self.activity = activity
        period = configuration.sweepInterval
        retention = configuration.retention
        self.time = time
        self.logger = logger
        self.pruneFiles = pruneFiles
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

    /// Sweeps until cancelled.
    ///
    /// The first pass takes over everything that an earlier host left.
    func run() async {
        var isFirst = true
        var lastPrune: Duration?
        while !Task.isCancelled {
            await pass(everything: isFirst)
            isFirst = false
            if lastPrune.map({ time.monotonic - $0 > .seconds(86_400) }) ?? true {
                lastPrune = time.monotonic
                await prune()
            }
            await wait()
        }
    }

    /// One visit to each session that is marked and due; a session that fails never ends the pass.
    func pass(everything: Bool) async {
        await writeActivity()
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
    }

    /// Writes when sessions had their last messages; what cannot be written now is written by a later pass.
    func writeActivity() async {
        let times = activity.take()
        guard !times.isEmpty else { return }
        do {
            try await central.setLastActive(times)
        } catch {
            for (session, time) in times { activity.note(session, at: time) }
            logger.warning("When sessions were active was not written", metadata: ["error": "\(error)"])
        }
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

    private func prune() async {
        let (dropped, history) = (time.now - retention.dropped, time.now - retention.history)
        do {
            try await central.write(changesRouting: false) { db in
                try db.execute(sql: "DELETE FROM dropped_messages WHERE last_seen < ?", arguments: [dropped])
                _ = try CLIMessage.prune(before: history, db)
            }
        } catch {
            logger.warning("Old records could not be removed", metadata: ["error": "\(error)"])
        }
        do {
            try await pruneFiles()
        } catch {
            logger.warning("Old runner output could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
