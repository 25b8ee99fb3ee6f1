import CentralStore
import ControlProtocol
import Core
import Glibc
import HostConfiguration
import HostLogging
import LinuxIO
import Logging
import SessionStore
import SessionStoreHost
import Synchronization

/// Ends what has been kept for its time, and closes the sessions that nobody writes to.
///
/// Which sessions there is something to do for stands in the central database, by time: the databases of the others
/// are not opened.
final class Retention: Sendable {
    /// Sessions that a pass looks at; the rest is left to the next.
    private static let sessionsPerPass = 100
    /// What could not be done is tried again after so long.
    private static let pause = Duration.seconds(3600)

    private let home: String
    private let central: CentralStore
    private let sessions: SessionManager
    private let supervisor: RunnerSupervisor
    private let executors: StoreExecutors
    private let keeps: HostConfiguration.Retention
    private let time: any TimeSource
    private let logger: Logger
    /// One pass or run at a time: two would tell of the same things twice.
    private let serial = AsyncSerial()
    private struct State {
        var hasAdopted = false
        var recordsEnded: Duration?
    }
    private let state = Mutex(State())

    init(
        home: String,
        central: CentralStore,
        sessions: SessionManager,
        supervisor: RunnerSupervisor,
        executors: StoreExecutors,
        keeps: HostConfiguration.Retention,
        time: any TimeSource,
        logger: Logger
    ) {
        self.home = home
        self.central = central
        self.sessions = sessions
        self.supervisor = supervisor
        self.executors = executors
        self.keeps = keeps
        self.time = time
        self.logger = logger
    }

    /// One pass now and one in every period, until cancelled.
    func run(every period: Duration) async {
        while !Task.isCancelled {
            await pass()
            guard (try? await time.sleep(for: period)) != nil else { return }
        }
    }

    /// Looks at the sessions that are due, so many at most, and once a day at what belongs to none.
    ///
    /// That comes last, so that what stands in its way is in nobody else's; where it fails the next pass tries it again.
    func pass() async {
        await serial.run {
            do {
                try await adoptPeriods()
                for due in try await central.retentionDue(at: time.now, after: nil, limit: Self.sessionsPerPass) {
                    guard !Task.isCancelled else { return }
                    _ = await visit(due)
                }
                let last = state.withLock { $0.recordsEnded }
                if last.map({ time.monotonic - $0 >= .seconds(86_400) }) ?? true {
                    _ = try await records(isDry: false)
                    state.withLock { $0.recordsEnded = time.monotonic }
                }
            } catch {
                logger.warning("What is kept could not be looked at", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Ends all that is over now and tells of each thing; a dry run tells the same and changes nothing.
    func run(isDry: Bool, _ tell: @Sendable (RetentionItem) async throws -> Void) async throws {
        try await serial.run {
            if !isDry { try await adoptPeriods() }
            for item in try await records(isDry: isDry) { try await tell(item) }
            let now = time.now
            var last: DueSession?
            while true {
                let batch = try await central.retentionDue(at: now, after: last, limit: Self.sessionsPerPass)
                for due in batch {
                    for item in (isDry ? await look(at: due) : await visit(due)) { try await tell(item) }
                }
                guard let next = batch.last else { return }
                last = next
            }
        }
    }

    // MARK: - Sessions

    private var periods: SessionPeriods {
        SessionPeriods(
            messages: keeps.messages,
            files: keeps.files,
            failedFiles: keeps.failedFiles,
            transcripts: keeps.transcripts
        )
    }

    /// Times that were reckoned with other settings may be too late.
    private func adoptPeriods() async throws {
        guard !state.withLock({ $0.hasAdopted }) else { return }
        let all = [keeps.messages, keeps.files, keeps.failedFiles, keeps.transcripts, keeps.idleSessions]
        let texts = all.map { $0.map { "\($0.components.seconds)" } ?? "never" }
        try await central.adoptPeriods(texts.joined(separator: " "))
        state.withLock { $0.hasAdopted = true }
    }

    /// What ``visit(_:)`` would end.
    private func look(at due: DueSession) async -> [RetentionItem] {
        let (now, folder) = (time.now, sessions.folder(due.id, of: due.agentGroup))
        let closes = due.isIdle(for: keeps.idleSessions, at: now)
        let isClosed = due.status == .closed && !due.isMarked
        let closedAt = closes ? now : isClosed ? due.closedAt ?? due.lastActive : nil
        let subject = RetentionSubject(session: due.id, isQuiet: !due.isMarked, closedAt: closedAt)
        let closed = closes ? [RetentionItem(.session, session: due.id)] : []
        do {
            return try await executors.run { [periods] in
                try closed + HostSession.wouldRetain(subject, periods, in: folder, now: now)
            }
        } catch {
            return closed + [RetentionItem(failure: error, of: due.id)]
        }
    }

    private func visit(_ due: DueSession) async -> [RetentionItem] {
        do {
            let now = time.now
            var due = due
            var items: [RetentionItem] = []
            if due.isIdle(for: keeps.idleSessions, at: now) {
                let days = (keeps.idleSessions?.components.seconds ?? 0) / 86_400
                // A message that came meanwhile has marked it: it stays open, and is looked at again.
                guard try await central.closeIdle(due, at: now, reason: "no message for \(days) days") else {
                    return []
                }
                crashPoint("retention.session-closed")
                (due.status, due.closedAt) = (.closed, now)
                items.append(RetentionItem(.session, session: due.id))
            }
            let wasOpen = await sessions.openSession(due.id) != nil
            let handle = try await sessions.session(due.id)
            guard let outcome = try await retain(due, handle) else { return items }
            if !wasOpen || due.status == .closed { await sessions.letGo(due.id) }
            for failure in outcome.failures {
                logger.warning(
                    "Something old could not be removed",
                    metadata: ["session": "\(due.id)", "what": "\(failure)"]
                )
            }
            let idleEnd = due.isMarked ? now + CentralStore.shortestPeriod : due.idleEnd(keeps.idleSessions)
            var next = [outcome.nextDue, idleEnd].compactMap(\.self)
            if !outcome.failures.isEmpty { next.append(now + Self.pause) }
            try await central.setRetentionDue(next.min(), of: due)
            items += outcome.items
            if !items.isEmpty {
                logger.info("Old things were ended", metadata: ["session": "\(due.id)", "count": "\(items.count)"])
            }
            return items
        } catch {
            logger.warning(
                "What a session keeps could not be looked at",
                metadata: ["session": "\(due.id)", "error": "\(error)"]
            )
            try? await central.setRetentionDue(time.now + Self.pause, of: due)
            return [RetentionItem(failure: error, of: due.id)]
        }
    }

    /// Nil when somebody has come to use a session that was closed: it is looked at again.
    private func retain(_ due: DueSession, _ handle: SessionHandle) async throws -> RetentionOutcome? {
        var subject = RetentionSubject(session: due.id, isQuiet: !due.isMarked, closedAt: nil)
        guard due.status == .closed, !due.isMarked else { return try await handle.store.retain(subject, periods) }
        subject.closedAt = due.closedAt ?? due.lastActive
        return try await supervisor.atRest(handle) { [central, periods, subject] () -> RetentionOutcome? in
            guard try await central.isAtRest(due.id) else { return nil }
            return try await handle.store.retain(subject, periods)
        } ?? nil
    }

    // MARK: - What belongs to no session

    private func records(isDry: Bool) async throws -> [RetentionItem] {
        let now = time.now
        let items = try await central.retainRecords(
            dropped: now - keeps.dropped,
            history: now - keeps.history,
            approvals: now - keeps.approvals,
            isDry: isDry
        )
        // What lives has its file open, and its last words are still to come.
        let live = Set(supervisor.live.all.map(\.key))
        return try await executors.run { [home, keeps] in
            let files = try Self.cliFiles(home: home, until: now - keeps.history, isDry: isDry)
            let output = RunnerOutput(in: try Directory(path: "\(home)/data/logs/runners"))
            let end = keeps.runnerLogs.map { now - $0 }
            let names = try output.expired(at: end, limit: keeps.runnerLogBytes, except: live)
            if !isDry { try output.remove(names) }
            return items + files + names.map { RetentionItem(.runnerOutput, name: $0) }
        }
    }

    /// Folders of files that agents sent to chats of this machine, as old as the history that named them.
    private static func cliFiles(home: String, until end: Timestamp, isDry: Bool) throws -> [RetentionItem] {
        let data = try Directory(path: "\(home)/data")
        guard try data.status("cli") != nil else { return [] }
        let folder = try data.directory("cli")
        let old = try folder.names().filter { name in
            guard let status = try folder.status(name) else { return false }
            return status.st_mtim.tv_sec * 1000 <= end.milliseconds
        }
        // One that cannot be removed is tried again by the next run.
        let gone = old.filter { name in isDry || (try? folder.remove(name)) != nil }
        return gone.map { RetentionItem(.chatHistory, name: "data/cli/\($0)") }
    }
}
