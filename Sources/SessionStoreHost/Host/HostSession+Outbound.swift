import Core
import Glibc
import LinuxIO
import SessionStore
import Synchronization

extension HostSession {
    /// Looks at `outbound.db`, which is taken for hostile: what is in it is a claim about this session, never more.
    ///
    /// A snapshot holds what is not recorded yet: rows stay in it, look after look, until ``apply(_:)`` has recorded
    /// them. Costs an open, a stat and a read of 100 bytes when nothing has changed.
    package func readOutbound() async throws -> OutboundReading {
        await enter()
        defer { leave() }
        do {
            for pause in Self.pauses {
                switch try working({ try reader.look() }) {
                case .locked: await Self.pause(.milliseconds(pause))
                case .hot: return .hot
                case .refused(let reason): return .quarantined(reason: "outbound.db: \(reason)")
                case .unchanged:
                    quietLooks += 1
                    if quietLooks > 1 { copy = nil }
                    return backlog.isEmpty ? .unchanged : .snapshot(try await renewed())
                case .copied(let bytes, let fingerprint):
                    return try await read(bytes, fingerprint)
                }
            }
            return .busy
        } catch let error as Errno {
            throw StoreError(files: error, "look at outbound.db")
        }
    }

    private func read(_ bytes: [UInt8], _ fingerprint: OutboundReader.Fingerprint) async throws -> OutboundReading {
        if let reason = OutboundHeader.refusal(of: bytes, versions: HostileDatabase.versions) {
            return .quarantined(reason: "outbound.db: \(reason)")
        }
        // One lock for all that is asked of `inbound.db`: nobody else writes it, so it may be held while the copy is read.
        return try await patiently {
            let database = try open()
            return try database.read { try take(bytes, fingerprint, database) }
        }
    }

    private func take(
        _ bytes: [UInt8],
        _ fingerprint: OutboundReader.Fingerprint,
        _ database: Connection
    ) throws -> OutboundReading {
        let recorded = try meta("recorded_through", in: database)
        let highest = max(try floor(in: database), try meta("seq", in: database))
        let incarnation = try meta("incarnation", in: database)
        let tables: OutboundTables
        do {
            tables = try working {
                let copy = try opened(bytes)
                let tables = try OutboundTables(copy, above: recorded, highest: highest, incarnation: incarnation)
                copy.clear()
                self.copy = copy
                return tables
            }
        } catch let error as StoreError {
            return .quarantined(reason: "outbound.db: \(error)")
        }
        backlog.take(tables)
        reader.remember(tables.isCut ? nil : fingerprint)
        return .snapshot(try working { try snapshot(rejected: tables.rejected, database) })
    }

    /// The copy in the place of the last look's, where it has the same schema; what has thrown is not used again.
    private func opened(_ bytes: [UInt8]) throws -> HostileDatabase {
        let last = copy
        copy = nil
        quietLooks = 0
        if let last, try last.replace(with: bytes) { return last }
        return try HostileDatabase(bytes)
    }

    /// The backlog of the last look, as it stands now.
    private func renewed() async throws -> OutboundSnapshot {
        try await patiently {
            let database = try open()
            return try working { try database.read { try snapshot(rejected: [], database) } }
        }
    }

    /// The backlog without what `inbound.db` records already; each rejected row is told once.
    private func snapshot(
        rejected: [OutboundSnapshot.Rejected],
        _ database: Connection
    ) throws -> OutboundSnapshot {
        var rejected = rejected
        let recorded = try meta("recorded_through", in: database)
        backlog.rows = try backlog.rows.filter { row in
            let holders = try database.rows("SELECT message_id FROM deliveries WHERE seq = ?", row.seq) { $0.text(0) }
            if holders.contains(row.id.rawValue) || row.seq <= recorded { return false }
            let isKnown = try database.first(
                "SELECT 1 FROM deliveries WHERE message_id = ?",
                row.id
            ) { _ in true }
            if holders.isEmpty, isKnown == nil { return true }
            let reason =
                holders.isEmpty
                ? "its id is recorded under another seq" : "its seq \(row.seq) belongs to another id"
            rejected.append(.init(id: row.id.rawValue, reason: reason))
            return false
        }
        backlog.acks = try backlog.acks.filter { ack in
            let status = try database.first("SELECT status FROM messages_in WHERE id = ?", ack.message) { $0.text(0) }
            return status == "pending" || status == "paused"
        }
        return OutboundSnapshot(
            rows: backlog.rows,
            acks: backlog.acks,
            runner: backlog.runner
                ?? RunnerState(incarnation: 0, phase: .starting, tools: [], updatedAt: Timestamp(milliseconds: 0)),
            rejected: backlog.untold(rejected)
        )
    }

    /// Counts the processor time of a part of a look; the part has no wait for the thread in it.
    private func working<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ThreadTime.nanoseconds
        defer { outboundWork.add(ThreadTime.nanoseconds - start, ordering: .relaxed) }
        return try body()
    }
}
