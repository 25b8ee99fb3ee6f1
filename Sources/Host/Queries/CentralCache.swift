import CentralStore
import Core
import Synchronization

/// What was read of the tables that ``CentralStore/routingVersion`` counts, for as long as no write may have changed it.
///
/// The host is the only writer of the central database, and a write that changes these tables raises their number before
/// it returns: whoever was told of a change sees it with what comes next. What another program did to the file by hand
/// shows after five seconds.
final class CentralCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var version: UInt64
        var readAt: Duration
    }

    private static var most: Int { 10_000 }
    private static var longest: Duration { .seconds(5) }

    private let central: CentralStore
    private let time: any TimeSource
    private let entries = Mutex<[Key: Entry]>([:])

    init(central: CentralStore, time: any TimeSource) {
        self.central = central
        self.time = time
    }

    /// What stands there for the key, read when nothing is known; what `keeps` is false for is read each time.
    func value(
        _ key: Key,
        keeps: (Value) -> Bool = { _ in true },
        read: (CentralStore) async throws -> Value
    ) async throws -> Value {
        let now = time.monotonic
        // Before the look: a change between the two makes the entry stale, never wrong.
        let version = central.routingVersion
        let known = entries.withLock { $0[key] }
        if let known, known.version == version, now - known.readAt < Self.longest { return known.value }
        let value = try await read(central)
        guard keeps(value) else { return value }
        entries.withLock { entries in
            if entries.count >= Self.most { entries.removeAll() }
            entries[key] = Entry(value: value, version: version, readAt: now)
        }
        return value
    }
}
