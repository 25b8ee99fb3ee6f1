import CentralStore
import GRDB
import TestSupport
import Testing

@testable import Commands

/// What a release reads of a copy before it takes a home over.
struct PreflightTests {
    /// Tables of what the host has done or counted, which it makes anew or does without.
    private static let records: Set<String> = [
        "action_answers", "agent_limit_notices", "agent_messages", "card_answers", "channel_state", "cli_messages",
        "cli_readers", "dirty", "dropped_messages", "pairing_codes", "pairing_tries", "pending_channel_approvals",
        "pending_names", "pending_sender_approvals", "performed_actions", "retention", "runners", "schema_version",
    ]

    @Test func `T62 the look at a copy reads each table that holds settings`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            defer { lock.release() }
            let store = try CentralStore(lock: lock)
            let all = try await store.read { db in
                try Set(
                    String.fetchAll(
                        db,
                        sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                    )
                )
            }
            try store.close()
            #expect(all.subtracting(Preflight.tables).subtracting(Self.records) == [])
            #expect(Self.records.union(Preflight.tables).subtracting(all) == [])
            #expect(Self.records.isDisjoint(with: Preflight.tables))
        }
    }
}
