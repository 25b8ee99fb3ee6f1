import SessionStore

/// How long a write waits for the commit of another one.
package struct Patience: Sendable, Equatable {
    /// Whoever writes earlier does not take it along: right behind a turn the next message would pay for its record.
    package var least: Duration
    /// It makes a commit of its own then.
    package var most: Duration

    package init(least: Duration, most: Duration) {
        self.least = least
        self.most = most
    }
}

/// One write that waits for its commit.
final class SharedWrite {
    /// It records what went out or was done: the floor may rise with it.
    fileprivate let isRecord: Bool
    fileprivate let body: (Connection) throws -> Void
    fileprivate let committed: () -> Void
    /// Nil while it waits.
    fileprivate var end: Result<Void, any Error>? {
        didSet { goOn() }
    }
    /// Nil once it waits for no company.
    fileprivate var wait: Wait?

    fileprivate struct Wait {
        let waiter: CheckedContinuation<Void, Never>
        let from: ContinuousClock.Instant
        let until: ContinuousClock.Instant
    }

    fileprivate init(
        isRecord: Bool,
        body: @escaping (Connection) throws -> Void,
        committed: @escaping () -> Void
    ) {
        self.isRecord = isRecord
        self.body = body
        self.committed = committed
    }

    /// It waits for company no longer.
    fileprivate func goOn() {
        wait?.waiter.resume()
        wait = nil
    }

    /// A commit that somebody waits for leaves it out.
    fileprivate var isYoung: Bool { wait.map { $0.from > .now } ?? false }
}

extension HostSession {
    /// Makes a write durable, in one commit with those that wait for the session at the same time: a commit takes four
    /// synchronisations, whatever is in it.
    ///
    /// A body may run again, without one beside it that threw. `committed` is called right behind the commit, before
    /// anything else of the session runs. With `patience` the write waits for company; what is read of the session holds it
    /// anyway.
    /// - Throws: What the body threw, or what stood in the commit's way; then nothing of the write is made.
    func sharing<Value>(
        isRecord: Bool = false,
        patience: Patience? = nil,
        _ body: @escaping (Connection) throws -> Value,
        committed: @escaping (Value) -> Void
    ) async throws -> Value {
        var value: Value?
        let write = SharedWrite(isRecord: isRecord) {
            value = try body($0)
        } committed: {
            if let value { committed(value) }
        }
        sharedWrites.append(write)
        if let patience { await waitForCompany(write, patience) }
        if write.end == nil {
            await enter()
            defer { leave() }
            while write.end == nil { await commitWaiting(for: write) }
        }
        try write.end?.get()
        guard let value else { throw StoreError(.database, "inbound.db: a write ended without a result") }
        return value
    }

    /// What waits for company waits no longer.
    package func hurry() {
        for write in sharedWrites { write.goOn() }
    }

    /// Returns once the write was taken along, is to hurry, or has waited its time.
    private func waitForCompany(_ write: SharedWrite, _ patience: Patience) async {
        await withCheckedContinuation { waiter in
            let now = ContinuousClock.now
            write.wait = SharedWrite.Wait(waiter: waiter, from: now + patience.least, until: now + patience.most)
            guard !isPatient else { return }
            isPatient = true
            Task { await endPatience() }
        }
    }

    /// One timer for all that waits: a busy session's writes are taken along long before it rings.
    private func endPatience() async {
        while let until = sharedWrites.compactMap({ $0.wait?.until }).min() {
            await Self.pause(until - .now)
            for write in sharedWrites where write.wait.map({ $0.until <= .now }) == true { write.goOn() }
        }
        isPatient = false
    }

    /// Commits all that waits, for a caller that holds the session; what cannot be committed now goes on waiting.
    func commitWaiting() async {
        while !sharedWrites.isEmpty, await commitWaiting(for: nil) {}
    }

    /// Commits every write that waits, for a write `own` without the young ones; what they do not come to, each tells.
    ///
    /// Answers false when no transaction could be begun, which is told to `own` alone, or none committed.
    @discardableResult
    private func commitWaiting(for own: SharedWrite?) async -> Bool {
        var batch: [SharedWrite] = []
        var current: SharedWrite?
        do {
            let database = try await patiently { try open() }
            try await patiently { try database.execute("BEGIN IMMEDIATE") }
            defer { database.rollBack() }
            let rest = own == nil ? [] : sharedWrites.filter(\.isYoung)
            batch = sharedWrites.filter { write in !rest.contains { $0 === write } }
            sharedWrites = rest
            for write in batch {
                current = write
                try write.body(database)
            }
            current = nil
            // Once for all of them: each look is at all that waits to be recorded.
            if batch.contains(where: \.isRecord) { try raiseRecordedThrough(in: database) }
            try await patiently { try database.execute("COMMIT") }
            for write in batch {
                write.end = .success(())
                write.committed()
            }
        } catch {
            if let current {
                // The others are not to blame, and nothing of them is made: once more without it.
                current.end = .failure(error)
                sharedWrites = batch.filter { $0 !== current } + sharedWrites
            } else if batch.isEmpty {
                own?.end = .failure(error)
                sharedWrites.removeAll { $0 === own }
                return false
            } else {
                for write in batch { write.end = .failure(error) }
                return false
            }
        }
        return true
    }
}
