import SessionStore

/// One write that waits for its commit.
final class SharedWrite {
    fileprivate let body: (Connection) throws -> Void
    fileprivate let committed: () -> Void
    /// Nil while it waits.
    fileprivate var end: Result<Void, any Error>?

    fileprivate init(body: @escaping (Connection) throws -> Void, committed: @escaping () -> Void) {
        self.body = body
        self.committed = committed
    }
}

extension HostSession {
    /// Makes a write durable, in one commit with those that wait for the session at the same time: a commit takes five
    /// synchronisations, whatever is in it.
    ///
    /// A body may run again, without one beside it that threw. `committed` is called right behind the commit, before
    /// anything else of the session runs.
    /// - Throws: What the body threw, or what stood in the commit's way; then nothing of the write is made.
    func sharing<Value>(
        _ body: @escaping (Connection) throws -> Value,
        committed: @escaping (Value) -> Void
    ) async throws -> Value {
        var value: Value?
        let write = SharedWrite {
            value = try body($0)
        } committed: {
            if let value { committed(value) }
        }
        sharedWrites.append(write)
        await enter()
        defer { leave() }
        while write.end == nil { await commitWaiting(for: write) }
        try write.end?.get()
        guard let value else { throw StoreError(.database, "inbound.db: a write ended without a result") }
        return value
    }

    /// Commits every write that waits, this one among them; what they do not come to, each of them tells.
    private func commitWaiting(for own: SharedWrite) async {
        var batch: [SharedWrite] = []
        var current: SharedWrite?
        do {
            let database = try await patiently { try open() }
            try await patiently { try database.execute("BEGIN IMMEDIATE") }
            defer { database.rollBack() }
            batch = sharedWrites
            sharedWrites = []
            for write in batch {
                current = write
                try write.body(database)
            }
            current = nil
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
                own.end = .failure(error)
                sharedWrites.removeAll { $0 === own }
            } else {
                for write in batch { write.end = .failure(error) }
            }
        }
    }
}
