import CentralStore
import Core
import GRDB
import Logging
import Scheduling
import Synchronization
import TestSupport
import Testing

@testable import TaskScheduling

/// A host's sessions and people, for the scheduler alone.
final class FakePort: TaskPort {
    struct Told: Sendable, Equatable {
        var text: String
        var notice: RunVerdict.Notice
        var due: Timestamp
    }
    private struct State {
        var rows: [TaskRunID: TaskRow] = [:]
        var fates: [MessageID: RowFate] = [:]
        /// Every run that was brought, in order, with its occurrence; a repeated one stands here again.
        var brought: [TaskRun] = []
        var woken: [TaskRow] = []
        var told: [Told] = []
        var failure: (any Error)?
        var failsTelling = false
    }
    private let state = Mutex(State())
    let session: SessionID

    init(session: SessionID) { self.session = session }

    struct Crash: Error {}

    var brought: [TaskRun] { state.withLock { $0.brought } }
    /// Occurrences whose rows a session was woken for, in order.
    var begun: [Timestamp] {
        state.withLock { state in
            state.woken.compactMap { row in
                state.rows.first { $0.value == row }.flatMap { id, _ in state.brought.first { $0.id == id }?.dueAt }
            }
        }
    }
    var told: [Told] { state.withLock { $0.told } }
    /// How many rows stand in sessions: runs that an agent could see.
    var rowCount: Int { state.withLock { $0.rows.count } }

    func fail(with error: (any Error)?) { state.withLock { $0.failure = error } }
    func failTelling(_ fails: Bool) { state.withLock { $0.failsTelling = fails } }

    /// Everything that is open ends so.
    func finish(_ end: RunState = .completed, detail: String? = nil) {
        state.withLock { state in
            for row in state.rows.values where state.fates[row.message] == nil {
                state.fates[row.message] = .ended(end, detail: detail)
            }
        }
    }

    func dispatch(_ run: TaskRun, of task: ScheduledTask) async throws -> TaskRow {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.brought.append(run)
            if let row = state.rows[run.id] { return row }
            let row = TaskRow(session: session, message: .random())
            state.rows[run.id] = row
            return row
        }
    }

    func wake(_ row: TaskRow) async { state.withLock { $0.woken.append(row) } }

    func fate(of row: TaskRow) async throws -> RowFate { state.withLock { $0.fates[row.message] ?? .open } }

    func tell(_ text: String, _ notice: RunVerdict.Notice, of run: TaskRun, _ task: ScheduledTask) async throws {
        try state.withLock { state in
            if state.failsTelling { throw Crash() }
            state.told.append(Told(text: text, notice: notice, due: run.dueAt))
        }
    }
}

/// A central database with one agent, and a scheduler over it.
struct Scene: Sendable {
    let store: CentralStore
    let clock: ManualTime
    let group: AgentGroup
    let chat: MessagingGroup
    let port: FakePort

    /// A scheduler as a host that has just started has it.
    func scheduler() -> TaskScheduler {
        TaskScheduler(
            central: store,
            port: port,
            time: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Makes a task in the chat, or in none.
    func make(inChat: Bool = true, _ change: (inout TaskFields) -> Void) async throws -> ScheduledTask {
        var fields = TaskFields()
        fields.prompt = "look"
        change(&fields)
        let wanted = fields
        return try await store.write { db in
            try ScheduledTask.create(
                wanted,
                group: group.id,
                place: inChat ? TaskPlace(mode: .shared, chat: chat.id) : TaskPlace(mode: .agentShared, chat: nil),
                zone: "UTC",
                by: "cli:0",
                now: clock.now,
                db
            ).task
        }
    }

    func task(_ id: TaskID) async throws -> ScheduledTask {
        try #require(try await store.read { try ScheduledTask.fetchOne($0, key: id) })
    }

    /// Every run, by occurrence.
    func runs(_ id: TaskID? = nil) async throws -> [TaskRun] {
        try await store.read { db in
            try TaskRun.order(sql: "due_at, claimed_at").fetchAll(db).filter { id == nil || $0.taskID == id }
        }
    }

    /// Lets a running scheduler see so much time go by, in steps after each of which it has looked.
    func pass(_ duration: Duration, by step: Duration = .seconds(60)) async throws {
        let end = clock.monotonic + duration
        while clock.monotonic < end {
            try await clock.waitForSleepers()
            clock.advance(by: min(step, end - clock.monotonic))
            try await clock.waitForSleepers()
        }
    }

    /// Runs the scheduler beside the body.
    func running(_ body: (TaskScheduler) async throws -> Void) async throws {
        let scheduler = scheduler()
        let run = Task { await scheduler.run(every: .seconds(60)) }
        do {
            try await clock.waitForSleepers()
            try await body(scheduler)
        } catch {
            run.cancel()
            throw error
        }
        run.cancel()
        await run.value
    }
}

func withScene(
    at start: Timestamp = Timestamp(milliseconds: 1_790_000_000_000),
    _ body: (Scene) async throws -> Void
)
    async throws
{
    try await withTemporaryDirectory { home in
        let clock = ManualTime(now: start)
        let store = try CentralStore(lock: HomeLock.acquire(home: home), time: clock)
        let (group, chat, session) = try await store.write { db in
            let group = try AgentGroup.create(name: "Main", now: start, db)
            let chat = try MessagingGroup(channelType: "test", platformID: "c1", createdAt: start).create(db)
            let session = Session(
                agentGroupID: group.id,
                mode: .shared,
                messagingGroupID: chat.id,
                createdAt: start
            )
            try session.insert(db)
            return (group, chat, session.id)
        }
        let scene = Scene(store: store, clock: clock, group: group, chat: chat, port: FakePort(session: session))
        try await body(scene)
        try store.close()
    }
}
