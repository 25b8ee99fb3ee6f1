import CentralStore
package import Core
import LinuxIO
import Logging
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization

/// Gives every session that has something due a runner, at most one, and never more than there are places.
///
/// Each session that needs attention has one task here: it settles what an earlier life left, waits for a place, starts
/// a runner, watches it, settles its end, and ends itself when nothing is due any more.
package actor RunnerSupervisor {
    /// What the supervisor knows of a session it attends to.
    struct Entry {
        let handle: SessionHandle
        var stage = Stage.looking
        var isWanted = false
        var isPlaced = false
        var backoff = StartBackoff()
        var recoveryFailures = 0
        var incarnation: Incarnation = 0
        var runner: LiveRunner?
        /// A person's stop that has not been settled yet.
        var stop: EndReason?
        /// The number up to which messages are stopped where no runner lives.
        var stopThrough = Int64.max
        var sleeper: CheckedContinuation<Void, Never>?
    }

    enum Stage: String {
        case looking, queued, starting, running, recovering, waiting
    }

    let central: CentralStore
    let spawner: any SandboxSpawning
    let deliveries: DeliveryService
    let ledger: DirtyLedger
    let environment: RunnerEnvironment
    let settings: SupervisorSettings
    let time: any TimeSource
    let logger: Logger
    let tasks: TaskScope
    /// The runners that live, for a bell without a wait.
    nonisolated let live = LiveRunners()

    var entries: [SessionID: Entry] = [:]
    var places: RunnerPlaces
    private var isMakingRoom = false
    private(set) var isStopping = false
    private(set) var lastReport: IsolationReport?

    init(
        central: CentralStore,
        spawner: any SandboxSpawning,
        deliveries: DeliveryService,
        ledger: DirtyLedger,
        environment: RunnerEnvironment,
        settings: SupervisorSettings,
        time: any TimeSource,
        logger: Logger,
        tasks: TaskScope
    ) {
        self.central = central
        self.spawner = spawner
        self.deliveries = deliveries
        self.ledger = ledger
        self.environment = environment
        self.settings = settings
        self.time = time
        self.logger = logger
        self.tasks = tasks
        places = RunnerPlaces(limit: settings.maximumRunners)
    }

    // MARK: - Waking

    /// The session has something to do: rings its runner, or sees to it that it gets one.
    package nonisolated func wake(_ handle: SessionHandle) async {
        if let runner = live[handle.id] {
            runner.used(at: time.monotonic)
            runner.ring()
        }
        await attend(handle)
    }

    /// Looks after a session until nothing of it is open.
    package func attend(_ handle: SessionHandle) {
        guard !isStopping else { return }
        if entries[handle.id] != nil {
            entries[handle.id]?.isWanted = true
            return
        }
        entries[handle.id] = Entry(handle: handle)
        tasks.add { await self.look(after: handle) }
    }

    /// A live runner's number; nil when none lives.
    package nonisolated func incarnation(of session: SessionID) -> Incarnation? { live[session]?.incarnation }

    // MARK: - One session's task

    private func look(after handle: SessionHandle) async {
        let id = handle.id
        await takeOver(handle)
        while !isStopping, !Task.isCancelled {
            entries[id]?.isWanted = false
            let generation = ledger.generation(id)
            let overview: SessionOverview
            do {
                overview = try await handle.store.state(now: time.now)
            } catch {
                await waitAfterFailure(id, "its files cannot be read: \(error)")
                continue
            }
            if entries[id]?.stop != nil {
                await settleStop(handle)
                continue
            }
            if overview.dueTriggers.isEmpty || handle.status != .active {
                if await conclude(handle, overview, since: generation) { return }
                continue
            }
            if let retryAt = entries[id]?.backoff.retryAt, time.monotonic < retryAt {
                await sleep(id, until: retryAt)
                continue
            }
            await takePlace(id)
            if entries[id]?.stop == nil, !isStopping { await live(handle) }
            leavePlace(id)
        }
        entries[id] = nil
    }

    /// True when the session needs nobody any more; its entry is gone then.
    private func conclude(_ handle: SessionHandle, _ overview: SessionOverview, since generation: UInt64) async -> Bool
    {
        let id = handle.id
        let delivery = deliveries.session(handle)
        let isIdle = await delivery.isIdle
        // Nothing below waits while the entry stands, so that a wake meanwhile starts a task of its own.
        guard entries[id]?.isWanted == false, entries[id]?.stop == nil else { return false }
        if isIdle { deliveries.remove(id) }
        entries[id] = nil
        if let due = overview.nextDue { environment.due(due) }
        do {
            if !isIdle || overview.openDeliveries > 0 {
                // Its lanes have timers of their own; after a crash the session is due at once.
            } else if let due = overview.nextDue {
                _ = try await ledger.setNextDue(id, due, since: generation)
            } else if overview.dueTriggers.isEmpty {
                crashPoint("dirty.clearing")
                _ = try await ledger.clear(id, since: generation)
                crashPoint("dirty.cleared")
            }
        } catch {
            logger.warning("A session stays marked", metadata: ["session": "\(id)", "error": "\(error)"])
        }
        return true
    }

    // MARK: - Places and pauses

    private func takePlace(_ id: SessionID) async {
        entries[id]?.stage = .queued
        if places.ask(id) {
            entries[id]?.isPlaced = true
        } else {
            makeRoom()
            while entries[id]?.isPlaced == false, entries[id]?.stop == nil, !isStopping { await sleep(id, until: nil) }
        }
        entries[id]?.stage = .starting
    }

    private func leavePlace(_ id: SessionID) {
        entries[id]?.isPlaced = false
        entries[id]?.stage = .looking
        for next in places.leave(id) {
            entries[next]?.isPlaced = true
            poke(next)
        }
    }

    /// Asks the runners that have had nothing to do for longest to make room, one for each session that waits.
    func makeRoom() {
        guard !isMakingRoom else { return }
        isMakingRoom = true
        tasks.add { await self.endLongestIdle() }
    }

    private func endLongestIdle() async {
        defer { isMakingRoom = false }
        let living = entries.values.filter { $0.runner != nil }
        for entry in living.sorted(by: { $0.runner?.lastUse ?? .zero < $1.runner?.lastUse ?? .zero }) {
            let isAtWork = await isAtWork(entry.handle)
            let ending = entries.values.count { $0.runner?.reason != nil }
            guard places.queue.count > ending else { return }
            guard !isAtWork, let runner = entry.runner, runner.reason == nil, live[entry.handle.id] === runner else {
                continue
            }
            end(entry.handle.id, .asked("another session waits for its place"))
        }
    }

    /// True while something is due for the session's runner, and when that cannot be told.
    func isAtWork(_ handle: SessionHandle) async -> Bool {
        (try? await handle.store.state(now: time.now).dueTriggers.isEmpty) != true
    }

    /// Waits for a poke, or until that monotonic time.
    func sleep(_ id: SessionID, until: Duration?) async {
        let timer = until.map { until in
            Task {
                try? await time.sleep(until: until)
                self.poke(id)
            }
        }
        entries[id]?.stage = until == nil ? .queued : .waiting
        await withCheckedContinuation { continuation in
            guard entries[id] != nil, !isStopping else { return continuation.resume() }
            entries[id]?.sleeper = continuation
        }
        timer?.cancel()
    }

    func poke(_ id: SessionID) {
        let sleeper = entries[id]?.sleeper
        entries[id]?.sleeper = nil
        sleeper?.resume()
    }

    /// A start failed: the next one waits, and after the third in a row the sender is told.
    func noteFailedStart(_ id: SessionID, _ error: String) async {
        guard let handle = entries[id]?.handle, let tells = entries[id]?.backoff.failed(error, at: time.monotonic)
        else { return }
        environment.ended(handle)
        logger.error(
            "A runner could not be started",
            metadata: [
                "session": "\(id)", "error": "\(error)", "failures": "\(entries[id]?.backoff.failures ?? 0)",
            ]
        )
        if tells {
            await tellSender(
                handle,
                "I cannot start working: \(error). Your message is kept and I try again. `nanoclaw status` tells more."
            )
        }
    }

    /// Notes a failure of what must succeed before the session can go on, and waits until it is tried again.
    func waitAfterFailure(_ id: SessionID, _ error: String) async {
        await noteFailedStart(id, error)
        // An entry that has failed has a time. A second is for one that has lost it: whoever tries must not spin.
        await sleep(id, until: entries[id]?.backoff.retryAt ?? time.monotonic + .seconds(1))
    }

    /// Says something in the chat whose message waits longest.
    func tellSender(_ handle: SessionHandle, _ text: String) async {
        var address = handle.origin
        if let overview = try? await handle.store.state(now: time.now), let first = overview.dueTriggers.first,
            let origin = try? await handle.store.inbound([first])[first]
        {
            address = origin.address ?? address
        }
        guard let address else { return }
        await deliveries.session(handle).notify(text, at: address)
    }

    func setReport(_ report: IsolationReport) { lastReport = report }

    // MARK: - The end of the host

    /// Ends every runner by its teardown sequence; returns when nothing lives.
    package func shutDown() async {
        isStopping = true
        for id in entries.keys { poke(id) }
        for id in live.all.map(\.key) { end(id, .asked("the host stops")) }
        while !entries.isEmpty {
            guard (try? await time.sleep(for: .milliseconds(5))) != nil else { break }
        }
    }

    /// Asks a runner to end; ends it when it takes too long.
    func end(_ id: SessionID, _ reason: EndReason) {
        guard let runner = live[id], runner.note(reason) else { return }
        runner.sandbox.terminate()
        tasks.add { [settings, time] in
            try? await time.sleep(for: settings.teardown)
            if self.live[id] === runner { runner.sandbox.kill() }
        }
    }
}

/// The runners that live, by session.
final class LiveRunners: Sendable {
    private let runners = Mutex<[SessionID: LiveRunner]>([:])

    subscript(id: SessionID) -> LiveRunner? {
        get { runners.withLock { $0[id] } }
        set { runners.withLock { $0[id] = newValue } }
    }

    var isEmpty: Bool { runners.withLock { $0.isEmpty } }

    var all: [(key: SessionID, value: LiveRunner)] { runners.withLock { Array($0) } }
}
