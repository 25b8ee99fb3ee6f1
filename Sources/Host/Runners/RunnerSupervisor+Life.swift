import Core
import LinuxIO
import Logging
import Sandbox
import SessionStore
import SessionStoreHost

extension RunnerSupervisor {
    /// One incarnation, from the number to the settled end.
    func live(_ handle: SessionHandle) async {
        let id = handle.id
        let runner: LiveRunner
        do {
            runner = try await start(handle)
        } catch {
            await noteFailedStart(id, "\(error)")
            await recordStopped(handle)
            return
        }
        entries[id]?.runner = runner
        entries[id]?.stage = .running
        live[id] = runner
        if case .some(let stop) = entries[id]?.stop { runner.kill(stop) }
        if isStopping { end(id, .asked("the host stops")) }
        // Rows that came while it started are in its database before it first looks; a bell more does no harm.
        runner.ring()
        let exit = await accompany(runner, handle)
        let shown = runner.shownThrough
        live[id] = nil
        entries[id]?.runner = nil
        entries[id]?.stage = .recovering
        environment.ended(handle)
        await settle(handle, incarnation: runner.incarnation, after: outcome(runner, exit), shown: shown)
    }

    /// The number first, then `inbound.db`, then the sandbox: a number is never used twice.
    private func start(_ handle: SessionHandle) async throws -> LiveRunner {
        try await handle.store.rollBackHotInbound()
        crashPoint("start.rolled-back")
        let (projection, inputs) = try await environment.prepare(handle)
        crashPoint("start.prepared")
        let incarnation = try await central.beginIncarnation(handle.id, bootID: ProcessIdentity.bootID(), now: time.now)
        crashPoint("start.numbered")
        entries[handle.id]?.incarnation = incarnation
        handle.adopt(projection)
        try await handle.store.beginIncarnation(
            incarnation,
            configuration: projection.configuration,
            destinations: projection.destinations,
            routing: handle.origin
        )
        crashPoint("start.told")
        await deliveries.session(handle).begin(incarnation)
        let sandbox = try await spawner.start(
            SandboxRequest(
                agentGroup: handle.agentGroup,
                session: handle.id,
                incarnation: incarnation,
                groupFolder: handle.groupFolder,
                generation: inputs.generation,
                extraMounts: inputs.mounts,
                limits: inputs.limits,
                timeZone: inputs.timeZone
            )
        )
        crashPoint("start.spawned")
        setReport(sandbox.report)
        logger.info(
            "A runner started",
            metadata: ["session": "\(handle.id)", "incarnation": "\(incarnation)", "pid": "\(sandbox.pid)"]
        )
        let now = time.monotonic
        return LiveRunner(
            sandbox,
            store: handle.store,
            incarnation: incarnation,
            plan: inputs,
            liveness: Liveness(startedAt: now, limits: settings.liveness),
            at: now
        )
    }

    /// Serves the runner until PID 1 is dead.
    private func accompany(_ runner: LiveRunner, _ handle: SessionHandle) async -> SandboxExit {
        // Its last words come after its death: the output is read to its end.
        let output = Task { [environment] in
            await environment.keepOutput(runner.sandbox, handle, runner.incarnation)
        }
        let exit = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.record(runner, handle) }
            group.addTask { await self.hear(runner, handle) }
            group.addTask { await self.watch(runner, handle) }
            group.addTask { await self.show(runner, handle) }
            group.addTask { await self.environment.serveEgress(runner.sandbox, handle) }
            let exit = await runner.sandbox.waitForExit()
            group.cancelAll()
            return exit
        }
        // One that died at once may have shown life that nobody has read: it had started.
        if !runner.hasStarted, case .message? = try? runner.sandbox.bell.receive(limit: 16) {
            await heard(runner, handle)
        }
        let limit = Task { [time] in
            try? await time.sleep(for: .seconds(1))
            output.cancel()
        }
        await output.value
        limit.cancel()
        return exit
    }

    private nonisolated func record(_ runner: LiveRunner, _ handle: SessionHandle) async {
        do {
            let report = String(decoding: try JSONText.data(runner.sandbox.report), as: UTF8.self)
            try await central.recordRunning(
                handle.id,
                pid: runner.sandbox.pid,
                startTime: Int64(bitPattern: runner.sandbox.startTime),
                report: report,
                now: time.now
            )
        } catch {
            logger.error("A runner could not be recorded", metadata: ["session": "\(handle.id)", "error": "\(error)"])
        }
    }

    /// Reads the bell: whatever arrives is life, and a 1 asks for a drain.
    private nonisolated func hear(_ runner: LiveRunner, _ handle: SessionHandle) async {
        let delivery = deliveries.session(handle)
        var budget = WorkBudget()
        while (try? await Readiness.shared.readable(runner.sandbox.bell.descriptor)) != nil {
            await hold(&budget)
            let rung = budget.spending { Rung(runner.sandbox.bell) }
            if rung.isHeard { await heard(runner, handle) }
            if rung.asksForDrain { await delivery.signal() }
            if rung.isGone || Task.isCancelled { return }
        }
    }

    /// What of its second a session has used up it waits for: its socket fills, and what does not fit its runner drops.
    private nonisolated func hold(_ budget: inout WorkBudget) async {
        let pause = budget.pause(at: time.monotonic)
        if pause > .zero { try? await time.sleep(for: pause) }
    }

    private nonisolated func heard(_ runner: LiveRunner, _ handle: SessionHandle) async {
        let isFirst = !runner.hasStarted
        runner.heard(at: time.monotonic)
        if isFirst { await started(handle) }
    }

    private func started(_ handle: SessionHandle) {
        entries[handle.id]?.backoff.started()
    }

    /// Looks at the ticks, and at the file when a bell may have been lost.
    private nonisolated func watch(_ runner: LiveRunner, _ handle: SessionHandle) async {
        while (try? await time.sleep(for: settings.lookEvery)) != nil {
            switch runner.look(at: time.monotonic) {
            case .alive: break
            case .silent: runner.kill(.silent)
            case .neverStarted: runner.kill(.neverStarted)
            }
            await deliveries.session(handle).signal()
            await tend(runner, handle)
        }
    }

    /// What waits for a runner to have nothing to do.
    private func tend(_ runner: LiveRunner, _ handle: SessionHandle) async {
        if !places.queue.isEmpty { makeRoom() }
        if runner.isOutdated, await !isAtWork(handle) { end(handle.id, .asked("its configuration has changed")) }
    }

    private nonisolated func show(_ runner: LiveRunner, _ handle: SessionHandle) async {
        var budget = WorkBudget()
        while (try? await Readiness.shared.readable(runner.sandbox.events.descriptor)) != nil {
            await hold(&budget)
            let isGone = budget.spending {
                for _ in 0..<256 {
                    switch try? runner.sandbox.events.receive(limit: LiveEvent.maximumSize) {
                    case .message(let bytes, _): environment.liveEvent(bytes, handle)
                    case .gone: return true
                    // What is longer than an event is dropped like any other.
                    case .empty, nil: return false
                    }
                }
                return false
            }
            if isGone || Task.isCancelled { return }
        }
    }
}

/// What a runner's bell says, as far as it is read at once.
private struct Rung {
    var isHeard = false
    var asksForDrain = false
    var isGone = false

    /// Reads what is there; bounded, so that a runner that never stops ringing does not hold a thread.
    init(_ bell: PacketSocket) {
        for _ in 0..<64 {
            switch try? bell.receive(limit: 16) {
            case .message(let bytes, _):
                isHeard = true
                if bytes.contains(Bell.look) { asksForDrain = true }
            case .gone:
                isGone = true
                return
            case .empty: return
            case nil:
                // Longer than any bell: still a sign of life.
                isHeard = true
                return
            }
        }
    }
}
