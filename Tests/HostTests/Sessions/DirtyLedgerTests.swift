import Core
import Synchronization
import Testing

@testable import Host

@Suite struct DirtyLedgerTests {
    /// Remembers what it was told, in order.
    final class Store: DirtyStore {
        let log = Mutex<[String]>([])
        let fails = Mutex(false)
        struct Failure: Error {}

        func markDirty(_ session: SessionID, nextDue: Timestamp?, reason: String) async throws {
            if fails.withLock({ $0 }) { throw Failure() }
            log.withLock { $0.append(nextDue == nil ? "mark" : "due") }
        }
        func clearDirty(_ session: SessionID) async throws { log.withLock { $0.append("clear") } }
    }

    let id = SessionID(unchecked: "se_1")

    @Test func `the mark is committed once, before the first write`() async throws {
        let store = Store()
        let ledger = DirtyLedger(store: store)
        for _ in 0..<3 {
            try await ledger.holding(id, reason: "message") { #expect(store.log.withLock { $0 } == ["mark"]) }
        }
        #expect(store.log.withLock { $0 } == ["mark"])
    }

    @Test func `the mark goes only when nobody has held the session since`() async throws {
        let store = Store()
        let ledger = DirtyLedger(store: store)
        try await ledger.holding(id, reason: "message") {}
        let generation = ledger.generation(id)
        try await ledger.holding(id, reason: "message") {}
        #expect(try await !ledger.clear(id, since: generation))
        try await ledger.hold(id, reason: "message")
        #expect(try await !ledger.clear(id, since: ledger.generation(id)))
        ledger.release(id)
        #expect(try await ledger.clear(id, since: ledger.generation(id)))
        try await ledger.holding(id, reason: "message") {}
        #expect(store.log.withLock { $0 } == ["mark", "clear", "mark"])
    }

    @Test func `a session that is due later is marked as due now before a write`() async throws {
        let store = Store()
        let ledger = DirtyLedger(store: store, marked: [id: nil])
        let due = Timestamp(milliseconds: 5)
        #expect(try await ledger.setNextDue(id, due, since: ledger.generation(id)))
        #expect(try await ledger.setNextDue(id, due, since: ledger.generation(id)))
        try await ledger.holding(id, reason: "message") {}
        #expect(store.log.withLock { $0 } == ["due", "mark"])
    }

    @Test func `a mark that could not be written fails the write and is tried again`() async throws {
        let store = Store()
        let ledger = DirtyLedger(store: store)
        store.fails.withLock { $0 = true }
        await #expect(throws: Store.Failure.self) { try await ledger.holding(id, reason: "message") {} }
        store.fails.withLock { $0 = false }
        try await ledger.holding(id, reason: "message") {}
        #expect(store.log.withLock { $0 } == ["mark"])
    }
}
