import CentralStore
import Core
import LinuxIO
import Logging
import Sandbox
import SessionStore
import SessionStoreHost

/// How an incarnation ended, as far as its rows are concerned.
enum LifeOutcome: Sendable, Equatable {
    /// By itself and cleanly, or because the host asked: no row is to blame.
    case clean
    /// Before it showed any life.
    case notStarted(String)
    /// In the middle of its work.
    case crashed(String)
    case stopped(EndReason)
    case quarantined(String)
}

extension RunnerSupervisor {
    nonisolated func outcome(_ runner: LiveRunner, _ exit: SandboxExit) -> LifeOutcome {
        switch runner.reason {
        case .stopped, .filling: return .stopped(runner.reason ?? .stopped(nil))
        case .quarantined(let reason): return .quarantined(reason)
        case .asked: return .clean
        case .silent, .blocking: return .crashed(runner.reason?.words ?? "")
        case .neverStarted: return .notStarted(EndReason.neverStarted.words)
        case nil: break
        }
        if exit == .code(0) { return .clean }
        let words = "the runner ended with \(exit.words)"
        return runner.hasStarted ? .crashed(words) : .notStarted(words)
    }

    /// What an earlier host, or an earlier look, left of this session: its runner dies before anything else happens.
    ///
    /// Tries until it has succeeded: nothing may start beside a runner that is not proven dead.
    func takeOver(_ handle: SessionHandle) async {
        let id = handle.id
        while !isStopping, !Task.isCancelled {
            entries[id]?.stage = .recovering
            do {
                try await takeOverOnce(handle)
                entries[id]?.stage = .looking
                return
            } catch {
                await waitAfterFailure(id, "what an earlier host left could not be ended: \(error)")
            }
        }
    }

    private func takeOverOnce(_ handle: SessionHandle) async throws {
        guard let record = try await central.runner(handle.id) else {
            return await settle(handle, incarnation: 0, after: nil)
        }
        entries[handle.id]?.incarnation = record.incarnation
        entries[handle.id]?.recoveryFailures = record.recoveryFailures
        guard record.state != .stopped else {
            return await settle(handle, incarnation: record.incarnation, after: nil)
        }
        crashPoint("takeover.found")
        if let pid = record.pid, let startTime = record.startTime, let bootID = record.bootID {
            try await killRecorded(pid: pid, startTime: UInt64(bitPattern: startTime), bootID: bootID)
        }
        crashPoint("takeover.proven-dead")
        await settle(handle, incarnation: record.incarnation, after: .crashed("the host ended while it worked"))
    }

    /// With the incarnation proven dead: recover, drain, count tries; then the next one may come.
    ///
    /// `outcome` is nil when no incarnation has ended; messages above the number `shown` are not counted, without it those
    /// that this host has stored.
    func settle(
        _ handle: SessionHandle,
        incarnation: Incarnation,
        after outcome: LifeOutcome?,
        shown: Int64? = nil
    ) async {
        let id = handle.id
        let delivery = deliveries.session(handle)
        if case .stopped = outcome { await delivery.stop(through: incarnation) }
        var quarantine: String?
        if case .quarantined(let reason) = outcome { quarantine = reason }
        if quarantine == nil { quarantine = await recover(handle) }
        if outcome != nil { crashPoint("settle.recovered") }
        if quarantine == nil, case .quarantined(let reason) = await delivery.drain() { quarantine = reason }
        if let quarantine { await setAside(handle, quarantine) } else if outcome == .clean { handle.setAsides = 0 }
        await delivery.flush()
        if case .stopped = outcome {} else { await interruptTasks(handle, outcome) }
        guard let outcome else { return await environment.settled(handle) }
        crashPoint("settle.drained")
        do {
            try await count(handle, incarnation, outcome, shown: shown)
        } catch {
            logger.error("Tries could not be counted", metadata: ["session": "\(id)", "error": "\(error)"])
        }
        crashPoint("settle.counted")
        if let words = outcome.words {
            logger.warning("A runner ended", metadata: ["session": "\(id)", "reason": "\(words)"])
        } else {
            logger.info("A runner ended", metadata: ["session": "\(id)", "incarnation": "\(incarnation)"])
        }
        if case .notStarted(let error) = outcome { await noteFailedStart(id, error) }
        await recordStopped(handle)
        crashPoint("settle.recorded")
        await environment.settled(handle)
    }

    /// Runs of tasks that had begun are over: what they did cannot be undone, and is not done twice.
    private func interruptTasks(_ handle: SessionHandle, _ outcome: LifeOutcome?) async {
        do {
            let rows = try await handle.store.begunTasks()
            guard !rows.isEmpty else { return }
            let words = outcome?.words ?? "its runner was ended while it worked"
            try await handle.store.apply([.failRows(rows, error: HostTaskPort.interrupted + words)])
        } catch {
            logger.error(
                "Runs of tasks could not be ended",
                metadata: ["session": "\(handle.id)", "error": "\(error)"]
            )
        }
    }

    /// The rows that the dead incarnation left without an answer.
    private func count(
        _ handle: SessionHandle,
        _ incarnation: Incarnation,
        _ outcome: LifeOutcome,
        shown: Int64?
    ) async throws {
        switch outcome {
        case .clean, .notStarted: return
        case .stopped(let reason):
            // A person knows that they have stopped it.
            var why: String?
            if case .filling(let words) = reason { why = words }
            let rows = try await failDue(handle, incarnation, through: shown ?? .max, reason.words, detail: why)
            entries[handle.id]?.stop = nil
            guard let why else { return }
            let asked = try await handle.store.inbound(Array(rows.prefix(1))).first?.value.address
            if let address = asked ?? handle.origin {
                await deliveries.session(handle).notify("I was stopped: \(why). Please free some space.", at: address)
            }
        case .crashed(let words), .quarantined(let words):
            let rows = try await handle.store.claimedRows(by: incarnation, through: shown)
            guard !rows.isEmpty else { return }
            let known = try await handle.store.inbound(rows)
            try await handle.store.apply([.retryRows(rows, error: words)])
            let failed = rows.filter { (known[$0]?.tries ?? 0) >= SessionLimits.tries }
            guard !failed.isEmpty else { return }
            let delivery = deliveries.session(handle)
            for row in failed {
                await delivery.tell("message_failed", "gave-up:\(row)", row, "Message \(row) was given up: \(words)")
            }
            if let address = known[failed[0]]?.address ?? handle.origin {
                await delivery.notify(
                    "I could not answer \(failed.count == 1 ? "a message" : "\(failed.count) messages") of yours: \(words), "
                        + "\(SessionLimits.tries) times in a row. Please send it again in other words.",
                    at: address
                )
            }
        }
    }

    /// Every row up to this number that could start a turn ends as stopped; answers which.
    ///
    /// What waits for its next try ends too, unless the host has a reason of its own (`detail`).
    @discardableResult
    private func failDue(
        _ handle: SessionHandle,
        _ incarnation: Incarnation,
        through seq: Int64 = .max,
        _ words: String,
        detail: String? = nil
    ) async throws -> [MessageID] {
        let rows = try await handle.store.claimedRows(
            by: max(incarnation, 1),
            through: seq,
            deferred: detail == nil
        )
        if !rows.isEmpty { try await handle.store.apply([.failRows(rows, error: words)]) }
        await environment.announceStop(rows, handle, detail)
        return rows
    }

    /// A stop of a session whose runner does not live.
    func settleStop(_ handle: SessionHandle) async {
        guard let entry = entries[handle.id], let stop = entry.stop else { return }
        entries[handle.id]?.stop = nil
        do {
            try await failDue(handle, entry.incarnation, through: entry.stopThrough, stop.words)
        } catch {
            logger.error("A stop could not be recorded", metadata: ["session": "\(handle.id)", "error": "\(error)"])
        }
    }

    func recordStopped(_ handle: SessionHandle) async {
        let entry = entries[handle.id]
        do {
            try await central.recordStopped(
                handle.id,
                spawnFailures: entry?.backoff.failures ?? 0,
                recoveryFailures: entry?.recoveryFailures ?? 0,
                lastError: entry?.backoff.lastError,
                now: time.now
            )
        } catch {
            // The row still says that it lives: the next host looks for a process that is gone, and goes on.
            logger.error(
                "A runner's end could not be recorded",
                metadata: ["session": "\(handle.id)", "error": "\(error)"]
            )
        }
    }

    // MARK: - Recovery

    /// Rolls back what a dead runner left half written; why the files cannot be used when that fails three times.
    ///
    /// A disk that is full or fails says nothing of the files, nor does a recovery that cannot be started: as with a runner that
    /// cannot, it is tried until it can be done.
    private func recover(_ handle: SessionHandle) async -> String? {
        let id = handle.id
        do {
            try await handle.store.rollBackHotInbound()
            while try await handle.store.needsRecovery(), !isStopping {
                guard let (failure, isOfFiles) = await recoverOnce(handle) else { break }
                logger.error("A recovery failed", metadata: ["session": "\(id)", "error": "\(failure)"])
                guard isOfFiles else {
                    await waitAfterFailure(id, failure)
                    entries[id]?.stage = .recovering
                    continue
                }
                entries[id]?.recoveryFailures += 1
                if entries[id]?.recoveryFailures ?? 3 >= 3 {
                    return "its half-written transaction could not be undone: \(failure)"
                }
            }
            entries[id]?.recoveryFailures = 0
            return nil
        } catch {
            logger.error("A session's files cannot be used", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    /// Nil when it is done; else why not, and whether that is to be blamed on the files.
    private func recoverOnce(_ handle: SessionHandle) async -> (failure: String, isOfFiles: Bool)? {
        do {
            let exit = try await runRecovery(handle)
            guard exit == .code(RunnerExit.clean.rawValue) else {
                let ofDisk = [RunnerExit.diskFull, .diskFailing].map { SandboxExit.code($0.rawValue) }
                return ("the recovery ended with \(exit.words)", !ofDisk.contains(exit))
            }
            return try await handle.store.needsRecovery() ? ("the journal is still hot", true) : nil
        } catch {
            return ("\(error)", false)
        }
    }

    private func runRecovery(_ handle: SessionHandle) async throws -> SandboxExit {
        let incarnation = try await central.beginIncarnation(handle.id, bootID: ProcessIdentity.bootID(), now: time.now)
        entries[handle.id]?.incarnation = incarnation
        crashPoint("recovery.numbered")
        let sandbox = try await spawner.start(
            SandboxRequest(
                agentGroup: handle.agentGroup,
                session: handle.id,
                incarnation: incarnation,
                groupFolder: "",
                generation: "",
                program: .recover
            )
        )
        crashPoint("recovery.spawned")
        let watch = Task { [settings, time] in
            try await time.sleep(for: settings.recovery)
            sandbox.kill()
        }
        let exit = await sandbox.waitForExit()
        watch.cancel()
        crashPoint("recovery.ended")
        return exit
    }

    /// A file that our runner does not make: the whole of `outbound/` goes aside; the third time the session rests.
    private func setAside(_ handle: SessionHandle, _ reason: String) async {
        let id = handle.id
        handle.setAsides += 1
        entries[id]?.recoveryFailures = 0
        logger.critical(
            "A session's outbound files are set aside",
            metadata: ["session": "\(id)", "reason": "\(reason)"]
        )
        do {
            let runs = try await handle.store.pendingRuns()
            let delivery = deliveries.session(handle)
            // Before it is done: a host that dies in between says it twice, and not never.
            await delivery.tell(
                "outbound_set_aside",
                "aside:\(MessageID.random())",
                nil,
                "What you wrote last may be lost: your message file was damaged and is replaced (\(reason))."
                    + (runs.isEmpty
                        ? "" : " Of tasks and allowed commands that waited it is not known whether they were begun.")
            )
            if let owner = await delivery.context.ownerAddress(nil) {
                await delivery.notify(
                    "The message file of \(handle.agentName), session \(id), was damaged or tampered with and is "
                        + "set aside: \(reason)",
                    at: owner
                )
            }
            await delivery.flush()
            // A host that ends may not have come to write it: the next one finds the file as it is.
            guard !Task.isCancelled else { return }
            crashPoint("aside.told")
            // What had begun stands in the file that goes: as nobody knows, none of it is begun again.
            if !runs.isEmpty {
                let error = HostTaskPort.interrupted + "the message file of its runner was damaged"
                try await handle.store.apply([.failRows(runs, error: error)])
            }
            try await handle.store.setAsideOutbound()
            crashPoint("aside.made")
            if handle.setAsides >= 3 {
                handle.setAsides = 0
                handle.status = .quarantined
                try await central.setStatus(.quarantined, reason: reason, of: id)
            }
        } catch {
            handle.status = .quarantined
            logger.critical("A session is quarantined", metadata: ["session": "\(id)", "error": "\(error)"])
            try? await central.setStatus(.quarantined, reason: reason, of: id)
        }
    }
}

extension LifeOutcome {
    var words: String? {
        switch self {
        case .clean: nil
        case .notStarted(let words), .crashed(let words), .quarantined(let words): words
        case .stopped(let reason): reason.words
        }
    }
}

extension SandboxExit {
    var words: String {
        switch self {
        case .code(let code): RunnerExit(rawValue: code)?.words ?? "exit status \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}
