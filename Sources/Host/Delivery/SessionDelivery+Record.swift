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
        guard !changes.isEmpty else { return }
        let isSending = lanes.values.contains { lane in
            if case .sending = lane.state { return true }
            return false
        }
        if !isSending { flushSoon() }
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

    /// Writes the changes made so far; what comes meanwhile goes into the next commit.
    func flush() async {
        while isFlushing || !changes.isEmpty, !Task.isCancelled {
            if isFlushing {
                await withCheckedContinuation { idleWaiters.append($0) }
            } else {
                isFlushing = true
                await flushLoop()
            }
        }
    }

    private func flushLoop() async {
        var pause: Duration = .milliseconds(10)
        var blockedSince: Duration?
        while !changes.isEmpty {
            let batch = changes
            changes = []
            do {
                try await write(batch)
                crashPoint("record.written")
                forget(batch)
                pause = .milliseconds(10)
                blockedSince = nil
            } catch {
                // Nothing of the batch is lost: it is written before what came after it.
                changes = batch + changes
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
        isFlushing = false
        releaseIdleWaiters()
    }

    /// Writes one commit; with a row that starts a turn the session is marked before, and woken behind it.
    private func write(_ batch: [HostChange]) async throws {
        guard batch.contains(where: \.startsTurn) else {
            return try await handle.store.apply(batch)
        }
        try await context.ledger.holding(handle.id, reason: "answer") { try await handle.store.apply(batch) }
        context.tasks.add { [context, handle] in await context.wake(handle) }
    }

    private func forget(_ batch: [HostChange]) {
        for case .delivery(let delivery) in batch {
            switch delivery.state {
            case .sending, .retry: continue
            case .failed, .unknown, .delivered: done.insert(delivery.message)
            }
        }
    }

    func releaseIdleWaiters() {
        let waiters = idleWaiters
        idleWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}

extension HostChange {
    fileprivate var startsTurn: Bool {
        if case .insert(let row) = self { row.trigger } else { false }
    }
}
