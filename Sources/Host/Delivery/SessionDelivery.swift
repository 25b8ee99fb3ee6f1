import AgentRequests
import ChannelAccounts
import ChannelKit
import Core
import LinuxIO
import Logging
import SessionStore
import SessionStoreHost

/// Takes what one session's runner wrote to the platforms and records what became of it.
///
/// One drain at a time; each destination has a lane of its own, so that a slow channel holds up nobody else.
actor SessionDelivery {
    /// What a drain found out about the files.
    enum Finding: Sendable, Equatable {
        case fine
        /// A dead writer's journal stands in the way.
        case hot
        case busy
        /// The host cannot read or write it: none of the runner's doing.
        case failing
        case quarantined(String)
    }

    let handle: SessionHandle
    let context: DeliveryContext

    var lanes: [DeliveryLane.Key: DeliveryLane] = [:]
    /// Rows that are on their way here; a snapshot that shows one again says nothing new.
    var known: Set<MessageID> = []
    /// Rows whose end is durable; forgotten when the next drain begins, because one under way may have read before.
    var done: Set<MessageID> = []
    var turns = TurnLedger()
    var changes: [HostChange] = []
    var isFlushing = false
    /// Commits that wait for company, see ``DeliveryPolicy/recordPatience``.
    var waitingRecords = 0
    /// The last write has failed and is tried again.
    var isFailing = false
    /// See ``hurry()``.
    var isHurried = false
    private var hasLoaded = false
    private(set) var isDraining = false
    private var wantsDrain = false
    private var drainWaiters: [CheckedContinuation<Finding, Never>] = []
    var idleWaiters: [CheckedContinuation<Void, Never>] = []
    private var budget = WorkBudget(units: 200)
    var notices = NoticeBudget()
    var requests = RequestBudget()
    /// Rows of runners up to this incarnation are not sent any more: somebody stopped them.
    private(set) var stoppedThrough: Incarnation?
    var incarnation: Incarnation = 0
    var isAbandoned = false

    init(_ handle: SessionHandle, _ context: DeliveryContext) {
        self.handle = handle
        self.context = context
    }

    // MARK: - Draining

    /// The bell rang: look at the file, now or once more after the drain that is under way.
    func signal() {
        wantsDrain = true
        guard !isDraining else { return }
        isDraining = true
        if !context.tasks.add({ await self.drainLoop() }) { endDraining() }
    }

    private func endDraining() {
        isDraining = false
        let left = drainWaiters
        drainWaiters = []
        for waiter in left { waiter.resume(returning: .busy) }
        releaseIdleWaiters()
    }

    /// Drains at least once and answers what it found.
    func drain() async -> Finding {
        await withCheckedContinuation { continuation in
            drainWaiters.append(continuation)
            signal()
        }
    }

    private func drainLoop() async {
        var busyPause: Duration = .milliseconds(5)
        var busySince: Duration?
        while wantsDrain, !Task.isCancelled {
            wantsDrain = false
            let waiters = drainWaiters
            drainWaiters = []
            let pause = budget.pause(at: context.time.monotonic)
            if pause > .zero, waiters.isEmpty { try? await context.time.sleep(for: pause) }
            let start = context.time.monotonic
            let finding = await drainOnce()
            budget.spent(handle.store.takeOutboundWork())
            if [.busy, .hot, .failing].contains(finding), waiters.isEmpty {
                // A writer that lives will be done soon; a dead one is the supervisor's business.
                try? await context.time.sleep(for: busyPause)
                busyPause = min(busyPause * 2, .milliseconds(200))
                wantsDrain = wantsDrain || finding != .hot
            }
            if finding == .busy {
                let since = busySince ?? start
                busySince = since
                if context.time.monotonic - since >= .seconds(1) { context.found(finding, handle) }
            } else {
                busySince = nil
                if finding != .fine { context.found(finding, handle) }
            }
            for waiter in waiters { waiter.resume(returning: finding) }
        }
        endDraining()
    }

    private func drainOnce() async -> Finding {
        do {
            try await load()
            known.subtract(done)
            done = []
            switch try await handle.store.readOutbound() {
            case .unchanged: return .fine
            case .hot: return .hot
            case .busy: return .busy
            case .quarantined(let reason): return .quarantined(reason)
            case .snapshot(let snapshot):
                crashPoint("drain.read")
                take(snapshot)
                crashPoint("drain.taken")
                return .fine
            }
        } catch {
            context.logger.error(
                "A drain failed",
                metadata: ["session": "\(handle.id)", "error": "\(error)"]
            )
            return (error as? StoreError)?.code == .busy ? .busy : .failing
        }
    }

    /// Takes up what an earlier host, or an earlier life of this object, left open.
    private func load() async throws {
        guard !hasLoaded else { return }
        let open = try await handle.store.openDeliveries()
        hasLoaded = true
        for var delivery in open where known.insert(delivery.message).inserted {
            if delivery.state == .sending { delivery.openSince = delivery.updatedAt }
            add(LaneItem(delivery: delivery, isRecorded: true))
        }
    }

    private func take(_ snapshot: OutboundSnapshot) {
        incarnation = max(incarnation, snapshot.runner.incarnation)
        for rejected in snapshot.rejected {
            tell("row_refused", "rejected:\(rejected.id)", nil, "A message of yours was refused: \(rejected.reason)")
        }
        let now = context.time.now
        // Few rows go to other agents.
        lazy var taken = Dictionary(grouping: snapshot.acks, by: \.turn).mapValues { $0.map(\.message) }
        for row in snapshot.rows where known.insert(row.id).inserted {
            do {
                var delivery = try Delivery(row, incarnation: incarnation, state: .retry, at: now)
                if row.address?.channel == ChatAddress.agents { delivery.taken = taken[row.turn] ?? [] }
                if isStopped {
                    delivery.state = .failed
                    delivery.error = "stopped before it was sent"
                    change(.delivery(delivery))
                    continue
                }
                turns.began(row.id, of: row.turn)
                add(LaneItem(delivery: delivery, isRecorded: false))
            } catch {
                known.remove(row.id)
                tell("row_refused", "rejected:\(row.id)", row.id, "A message of yours was refused: \(error)")
            }
        }
        let ended = turns.read(snapshot.acks)
        if !ended.isEmpty { changes.append(.acked(ended)) }
        announceTurns()
        flushIfQuiet()
    }

    private var isStopped: Bool { stoppedThrough.map { incarnation <= $0 } ?? false }

    // MARK: - Lanes

    func add(_ item: LaneItem) {
        let key = DeliveryLane.key(item.delivery, now: context.time.now)
        lanes[key, default: DeliveryLane()].add(item)
        if case .waiting = lanes[key]?.state { recordWaiting(key) }
        run(key)
    }

    /// Starts the first row of a lane, or arms its timer.
    func run(_ key: DeliveryLane.Key) {
        guard var lane = lanes[key] else { return }
        let item = lane.next(now: context.time.now)
        lanes[key] = lane
        if let item {
            context.tasks.add { await self.send(item, in: key) }
        } else if case .waiting(let until) = lane.state {
            recordWaiting(key)
            context.tasks.add { await self.wake(key, at: until) }
        } else if lane.isEmpty {
            lanes[key] = nil
            releaseIdleWaiters()
        }
    }

    private func wake(_ key: DeliveryLane.Key, at until: Timestamp) async {
        // In steps: wall time may jump, and a suspended machine's monotonic clock stands still.
        while until > context.time.now {
            let rest = Duration.milliseconds(until.milliseconds - context.time.now.milliseconds)
            guard (try? await context.time.sleep(for: min(rest, .seconds(30)))) != nil else { return }
        }
        guard lanes[key]?.state == .waiting(until: until) else { return }
        run(key)
    }

    private func recordWaiting(_ key: DeliveryLane.Key) {
        let waiting = lanes[key]?.takeUnrecorded() ?? []
        guard !waiting.isEmpty else { return }
        for delivery in waiting { changes.append(.delivery(delivery)) }
        flushSoon()
    }

    /// Removes a row that is done with from its lane and goes on with the next.
    func finish(_ message: MessageID, in key: DeliveryLane.Key) {
        lanes[key]?.finish(message)
        run(key)
    }

    // MARK: - Ends of turns

    func announceTurns() {
        for ended in turns.takeEnded() { context.announce(ended, handle) }
    }

    // MARK: - Stopping

    /// Nothing that runners up to this incarnation wrote is sent from now on.
    func stop(through incarnation: Incarnation) {
        stoppedThrough = max(stoppedThrough ?? 0, incarnation)
        self.incarnation = max(self.incarnation, incarnation)
        for key in lanes.keys {
            for delivery in lanes[key]?.discard() ?? [] {
                if delivery.seq == 0 || delivery.incarnation > incarnation {
                    add(LaneItem(delivery: delivery, isRecorded: true))
                } else {
                    drop(delivery)
                }
            }
            removeEmpty(key)
        }
    }

    /// An emptied lane would keep the session from its rest.
    private func removeEmpty(_ key: DeliveryLane.Key) {
        guard lanes[key]?.isEmpty == true else { return }
        lanes[key] = nil
        releaseIdleWaiters()
    }

    /// What the agent has asked of the host is not carried out where nobody has looked at it yet; false when nothing waited.
    func stopRequests() -> Bool {
        let discarded = lanes[.requests]?.discard() ?? []
        for delivery in discarded { drop(delivery) }
        removeEmpty(.requests)
        announceTurns()
        return !discarded.isEmpty
    }

    /// Records the end of a row that somebody has stopped.
    func drop(_ delivery: Delivery) {
        var delivery = delivery
        let reason = "stopped before it was sent"
        switch DeliveryPolicy.end(reason, delivery.mayBeThere) {
        case .unknown(let error): (delivery.state, delivery.error) = (.unknown, error)
        default: (delivery.state, delivery.error) = (.failed, reason)
        }
        delivery.updatedAt = context.time.now
        context.drafts.gaveUp(delivery.message)
        turns.tried(delivery.message, of: delivery.turn)
        change(.delivery(delivery))
    }

    /// Forgets everything that is on its way: the conversation is reset.
    func abandon() {
        isAbandoned = true
        for key in lanes.keys {
            for delivery in lanes[key]?.discard() ?? [] { context.drafts.gaveUp(delivery.message) }
        }
        changes = []
        turns = TurnLedger()
    }

    /// A new runner starts: what it writes is sent again.
    func begin(_ incarnation: Incarnation) {
        self.incarnation = incarnation
    }

    /// True when nothing is on its way, waiting or unwritten.
    var isIdle: Bool { lanes.isEmpty && !isWriting && !isDraining }

    /// Returns once nothing is being sent or written; rows that wait for a later attempt do not count.
    func settle() async {
        while !context.tasks.isClosed, isDraining || isWriting || isSending {
            await hurry()
            if !changes.isEmpty, !isFlushing { flushSoon() }
            guard isHurried || !isWriting, isDraining || isFlushing || waitingRecords > 0 || isSending else { continue }
            await withCheckedContinuation { idleWaiters.append($0) }
        }
    }

    var isSending: Bool {
        lanes.values.contains { lane in
            if case .sending = lane.state { return true }
            return false
        }
    }

    func sendingEnded() { releaseIdleWaiters() }
}
