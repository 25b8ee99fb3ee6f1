package import Core
import Synchronization

/// Where the mark "this session needs attention" is made durable.
package protocol DirtyStore: Sendable {
    /// Writes the mark and returns once it is committed.
    func markDirty(_ session: SessionID, nextDue: Timestamp?, reason: String) async throws
    /// Removes the mark and returns once that is committed.
    func clearDirty(_ session: SessionID) async throws
}

/// Keeps the promise that a session with something to do is marked in the central database before the work is written.
///
/// The mark may say too much, never too little: ``hold(_:reason:)`` returns once it is committed, and ``clear(_:since:)``
/// removes it only when nobody has held the session since the caller looked.
package final class DirtyLedger: Sendable {
    private enum Phase { case clean, changing, dirty(nextDue: Timestamp?) }

    private struct Entry {
        var phase = Phase.clean
        var holders = 0
        var generation: UInt64 = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let store: any DirtyStore
    private let entries = Mutex<[SessionID: Entry]>([:])

    /// A ledger over this store; `marked` are the sessions that it holds already, with the time each is due.
    package init(store: any DirtyStore, marked: [SessionID: Timestamp?] = [:]) {
        self.store = store
        entries.withLock { entries in
            for (session, due) in marked { entries[session] = Entry(phase: .dirty(nextDue: due)) }
        }
    }

    /// Marks the session before something is written to it; end with ``release(_:)``.
    package func hold(_ session: SessionID, reason: String) async throws {
        entries.withLock { entries in
            entries[session, default: Entry()].holders += 1
            entries[session, default: Entry()].generation += 1
        }
        do {
            try await ensureMarked(session, reason: reason)
        } catch {
            release(session)
            throw error
        }
    }

    /// Ends a hold.
    package func release(_ session: SessionID) {
        entries.withLock { $0[session]?.holders -= 1 }
    }

    /// Holds the session while the body writes to it.
    package func holding<Result>(
        _ session: SessionID,
        reason: String,
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await hold(session, reason: reason)
        defer { release(session) }
        return try await body()
    }

    /// A number that changes with every hold: read it before looking whether the session has something to do.
    package func generation(_ session: SessionID) -> UInt64 {
        entries.withLock { $0[session]?.generation ?? 0 }
    }

    /// Removes the mark if nobody has held the session since `generation` was read; says whether it did.
    package func clear(_ session: SessionID, since generation: UInt64) async throws -> Bool {
        try await change(session, since: generation) {
            try await self.store.clearDirty(session)
        } to: {
            .clean
        }
    }

    /// Writes when the session is due next, under the same condition; does nothing if it says so already.
    package func setNextDue(_ session: SessionID, _ due: Timestamp, since generation: UInt64) async throws -> Bool {
        let known = entries.withLock { entries -> Bool in
            guard let entry = entries[session], case .dirty(due) = entry.phase else { return false }
            return entry.generation == generation
        }
        if known { return true }
        return try await change(session, since: generation) {
            try await self.store.markDirty(session, nextDue: due, reason: "due later")
        } to: {
            .dirty(nextDue: due)
        }
    }

    private func change(
        _ session: SessionID,
        since generation: UInt64,
        _ write: () async throws -> Void,
        to phase: () -> Phase
    ) async throws -> Bool {
        let mayChange = entries.withLock { entries -> Bool in
            guard let entry = entries[session], case .dirty = entry.phase else { return false }
            guard entry.holders == 0, entry.generation == generation else { return false }
            entries[session]?.phase = .changing
            return true
        }
        guard mayChange else { return false }
        do {
            try await write()
        } catch {
            // What the store holds now is not known: a time that is not nil makes the next hold write again.
            settle(session, .dirty(nextDue: Timestamp(milliseconds: 0)))
            throw error
        }
        settle(session, phase())
        return true
    }

    private func ensureMarked(_ session: SessionID, reason: String) async throws {
        enum Next { case done, write, wait }
        while true {
            let next = entries.withLock { entries -> Next in
                switch entries[session, default: Entry()].phase {
                case .dirty(nil): return .done
                case .changing: return .wait
                case .clean, .dirty:
                    entries[session, default: Entry()].phase = .changing
                    return .write
                }
            }
            switch next {
            case .done: return
            case .wait: await waitForChange(session)
            case .write:
                do {
                    try await store.markDirty(session, nextDue: nil, reason: reason)
                } catch {
                    settle(session, .dirty(nextDue: Timestamp(milliseconds: 0)))
                    throw error
                }
                settle(session, .dirty(nextDue: nil))
                return
            }
        }
    }

    private func waitForChange(_ session: SessionID) async {
        await withCheckedContinuation { continuation in
            let isOver = entries.withLock { entries -> Bool in
                guard let entry = entries[session], case .changing = entry.phase else { return true }
                entries[session]?.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func settle(_ session: SessionID, _ phase: Phase) {
        let waiters = entries.withLock { entries -> [CheckedContinuation<Void, Never>] in
            guard var entry = entries[session] else { return [] }
            let waiters = entry.waiters
            entry.waiters = []
            entry.phase = phase
            if case .clean = phase, entry.holders == 0, waiters.isEmpty {
                // Kept while anybody could still hold a generation of it: a forgotten entry starts again at 0.
                entries[session] = Entry(generation: entry.generation)
            } else {
                entries[session] = entry
            }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
