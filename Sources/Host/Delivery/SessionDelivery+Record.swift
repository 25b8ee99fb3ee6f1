import Core
import LinuxIO
import Logging
import SessionStore
import SessionStoreHost

/// What became of each row, written in as few commits as there may be.
extension SessionDelivery {
    /// Adds a change to the next commit.
    func change(_ change: HostChange) {
        guard !isAbandoned else { return }
        changes.append(change)
        flushSoon()
    }

    /// Commits when no first attempt is under way whose record could share the commit.
    func flushIfQuiet() {
        if !changes.isEmpty, !isSending { flushSoon() }
    }

    func flushSoon() {
        guard !isFlushing else { return }
        isFlushing = true
        // The host has ended: the row is still in the runner's file, or its record says that it is open.
        guard context.tasks.add({ await self.flushLoop() }) else { return endFlushing() }
    }

    private func endFlushing() {
        isFlushing = false
        releaseIdleWaiters()
    }

    /// True while something is to be written.
    var isWriting: Bool { isFlushing || !changes.isEmpty || waitingRecords > 0 }

    /// Writes the changes made so far, and those that wait for company; what comes meanwhile goes into the next commit.
    ///
    /// `givesUp`: returns also where they cannot be written now.
    func flush(givesUp: Bool = false) async {
        while isWriting, !Task.isCancelled, !(givesUp && isFailing) {
            await hurry()
            guard isHurried || !isWriting else { continue }
            if isFlushing || waitingRecords > 0 {
                await withCheckedContinuation { idleWaiters.append($0) }
            } else if givesUp {
                // Not by itself: it would try for as long as it takes. Where the host ends nobody does.
                flushSoon()
                guard isFlushing else { return }
            } else if !changes.isEmpty {
                isFlushing = true
                await flushLoop()
            }
        }
    }

    /// Nothing that is to be written waits for company, until all is written.
    func hurry() async {
        isHurried = isWriting
        if waitingRecords > 0 { await handle.store.hurry() }
    }

    private func flushLoop() async {
        var pause: Duration = .milliseconds(10)
        var blockedSince: Duration?
        while !changes.isEmpty {
            let batch = changes
            changes = []
            if !isHurried, batch.allSatisfy(mayWait), recordLater(batch) { continue }
            do {
                try await write(batch)
                forget(batch)
                isFailing = false
                pause = .milliseconds(10)
                blockedSince = nil
            } catch {
                // Nothing of the batch is lost: it is written before what came after it.
                changes = isAbandoned ? [] : batch + changes
                isFailing = true
                releaseIdleWaiters()
                if (error as? StoreError)?.code == .busy {
                    let since = blockedSince ?? context.time.monotonic
                    blockedSince = since
                    if context.time.monotonic - since >= .seconds(1) { context.found(.busy, handle) }
                }
                context.logger.warning(
                    "Recording waits",
                    metadata: ["session": "\(handle.id)", "error": "\(error)"]
                )
                if (try? await context.time.sleep(for: pause)) == nil { break }
                pause = min(pause * 2, .seconds(5))
            }
        }
        endFlushing()
    }

    /// Of a record without which the next host would do the same again, and nobody would see it.
    private func mayWait(_ change: HostChange) -> Bool {
        switch change {
        case .acked: true
        case .delivery(let row): row.state == .delivered && !row.tookPlace && context.repeatsHidden(row.address) == nil
        case .retryRows, .failRows, .insert: false
        }
    }

    /// Lets records wait for the session's next commit; false when the host has ended.
    private func recordLater(_ batch: [HostChange]) -> Bool {
        guard context.tasks.add({ await self.recordPatiently(batch) }) else { return false }
        waitingRecords += 1
        return true
    }

    private func recordPatiently(_ batch: [HostChange]) async {
        crashPoint("record.waiting")
        do {
            let patience = isHurried ? nil : context.policy.recordPatience
            if !isAbandoned { try await handle.store.apply(batch, patience: patience) }
            waitingRecords -= 1
            forget(batch)
        } catch {
            // As all else that could not be written.
            waitingRecords -= 1
            changes = isAbandoned ? [] : batch + changes
            isHurried = true
            flushSoon()
        }
        releaseIdleWaiters()
    }

    /// Writes one commit; with a row that starts a turn the session is marked before, and woken behind it.
    private func write(_ batch: [HostChange]) async throws {
        guard batch.contains(where: \.startsTurn) else { return try await handle.store.apply(batch) }
        try await context.ledger.holding(handle.id, reason: "answer") { try await handle.store.apply(batch) }
        context.tasks.add { [context, handle] in await context.wake(handle) }
    }

    /// The changes are durable.
    private func forget(_ batch: [HostChange]) {
        crashPoint("record.written")
        for case .delivery(let delivery) in batch {
            switch delivery.state {
            case .sending, .retry: continue
            case .failed, .unknown, .delivered: done.insert(delivery.message)
            }
        }
    }

    func releaseIdleWaiters() {
        if !isWriting { isHurried = false }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }
}

extension HostChange {
    fileprivate var startsTurn: Bool {
        if case .insert(let row) = self { row.trigger } else { false }
    }
}
