package import Core
import Logging
import Sandbox
import SessionStore
import SessionStoreHost

extension RunnerSupervisor {
    /// Ends what the session is doing; false when it was doing nothing.
    ///
    /// Returns as soon as nothing more is sent and the sandbox has been told to die; what it worked on, and what waited
    /// behind it, ends as stopped.
    package func stop(_ handle: SessionHandle, by user: UserID?) async throws -> Bool {
        let id = handle.id
        let delivery = deliveries.session(handle)
        let overview = try await handle.store.state(now: time.now)
        // What has failed and waits for its next try has nobody who looks after it.
        guard !overview.dueTriggers.isEmpty || overview.nextDue != nil else { return await delivery.stopRequests() }
        attend(handle)
        guard let entry = entries[id] else { return false }
        let reason = EndReason.stopped(user)
        entries[id]?.stop = reason
        entries[id]?.stopThrough = handle.store.storedThrough
        logger.notice("A session is stopped", metadata: ["session": "\(id)", "by": "\(reason.words)"])
        await delivery.stop(through: max(entry.incarnation, await delivery.incarnation))
        if let runner = live[id] { runner.kill(reason) } else { poke(id) }
        return true
    }

    /// Ends a runner that keeps its files locked.
    func endBlocking(_ id: SessionID) {
        live[id]?.kill(.blocking)
    }

    /// Ends a runner whose file is none of ours.
    func quarantine(_ handle: SessionHandle, _ reason: String) {
        if let runner = live[handle.id] { runner.kill(.quarantined(reason)) } else { attend(handle) }
    }

    /// Ends the session's runner and does something with its files before another may start.
    func exclusively(_ handle: SessionHandle, _ body: @Sendable () async throws -> Void) async throws {
        let id = handle.id
        // A session of its own task would start a runner meanwhile: its place in the table is taken.
        while entries[id] != nil {
            if let runner = live[id] { runner.kill(.stopped(nil)) }
            entries[id]?.stop = .stopped(nil)
            entries[id]?.stopThrough = .max
            poke(id)
            try await time.sleep(for: .milliseconds(5))
        }
        entries[id] = Entry(handle: handle)
        await takeOver(handle)
        do {
            try await body()
        } catch {
            entries[id] = nil
            throw error
        }
        entries[id] = nil
        attend(handle)
    }

    /// Does something with the files of a session while no runner of it can start; nil, and nothing done, when it has a
    /// task here.
    func atRest<Value: Sendable>(
        _ handle: SessionHandle,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value? {
        let id = handle.id
        guard !isStopping, entries[id] == nil else { return nil }
        entries[id] = Entry(handle: handle)
        defer {
            let isWanted = entries[id]?.isWanted == true
            entries[id] = nil
            if isWanted { attend(handle) }
        }
        return try await body()
    }

    /// The sessions of a group that have a task here.
    func handles(of group: AgentGroupID) -> [SessionHandle] {
        entries.values.map(\.handle).filter { $0.agentGroup == group }
    }

    /// Brings what changed to the sessions of a group.
    ///
    /// What a runner reads again comes at once, the rest with a new runner as soon as it has nothing to do. A start that
    /// failed is tried again at once.
    func groupChanged(_ group: AgentGroupID) async {
        for handle in handles(of: group) {
            entries[handle.id]?.backoff.forgetDelay()
            poke(handle.id)
            guard let runner = live[handle.id] else { continue }
            do {
                let (projection, inputs) = try await environment.prepare(handle)
                handle.adopt(projection)
                try await handle.store.update(
                    configuration: projection.configuration,
                    destinations: projection.destinations
                )
                if inputs != runner.plan { runner.isOutdated = true }
                runner.ring()
            } catch {
                logger.error(
                    "A change did not reach a session",
                    metadata: ["session": "\(handle.id)", "error": "\(error)"]
                )
            }
        }
    }

    /// Replaces a session's runner; `message` is seen by the new one only.
    package func restart(_ handle: SessionHandle, message: String?) async throws {
        let now = time.now
        if let message {
            let next = (entries[handle.id]?.incarnation ?? 0) + 1
            let content = SystemContent(action: "on_wake", status: "ok", text: message)
            _ = try await ledger.holding(handle.id, reason: "restart") {
                try await handle.store.insert([
                    NewInbound(
                        sourceID: MessageID.random().rawValue,
                        content: .system(content),
                        sentAt: now,
                        receivedAt: now,
                        address: handle.origin,
                        minIncarnation: next
                    )
                ])
            }
        }
        end(handle.id, .asked("it was told to restart"))
        if message != nil { attend(handle) }
    }

    /// Every runner that lives, starts, waits or failed, for the status.
    package var status: [HostStatus.RunnerStatus] {
        entries.values.map { entry in
            HostStatus.RunnerStatus(
                session: entry.handle.id,
                agentGroup: entry.handle.agentGroup,
                state: entry.stage.rawValue,
                incarnation: entry.incarnation,
                pid: entry.runner?.sandbox.pid,
                failures: entry.backoff.failures,
                lastError: entry.backoff.lastError
            )
        }.sorted { $0.session < $1.session }
    }

    /// Sessions that wait for a place.
    package var queued: Int { places.queue.count }
}
