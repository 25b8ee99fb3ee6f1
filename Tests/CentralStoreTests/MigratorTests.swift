import Core
import GRDB
import Migrations
import TestSupport
import Testing

@testable import CentralStore

@Suite struct `Migrations of the central database` {
    static let first = MigrationFile(
        version: 1,
        name: "first",
        sql: "CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER REFERENCES a (x));"
    )
    static let second = MigrationFile(version: 2, name: "second", sql: "CREATE TABLE b (y INTEGER);")

    func names(_ queue: DatabaseQueue) throws -> [String] {
        try queue.read { try String.fetchAll($0, sql: "SELECT name FROM schema_version ORDER BY version") }
    }

    @Test func `§16.1 an empty home gets all tables and one ledger row a migration, in order`() async throws {
        try await withStore { store in
            let (tables, ledger) = try await store.read { db in
                (
                    try String.fetchAll(
                        db,
                        sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                    ),
                    try String.fetchAll(db, sql: "SELECT name FROM schema_version ORDER BY version")
                )
            }
            #expect(ledger == MigrationFile.central.map(\.name))
            for name in [
                "agent_groups", "agent_group_configs", "messaging_groups", "wirings", "users", "user_roles",
                "agent_group_members", "user_dms", "sessions", "agent_destinations", "pending_questions",
                "cards", "card_answers", "approvals", "approval_askers", "approval_grants",
                "audit", "pending_sender_approvals", "pending_channel_approvals", "dropped_messages",
                "dirty",
                "runners", "providers", "cli_messages", "channel_accounts", "channel_state",
            ] {
                #expect(tables.contains(name), "\(name)")
            }
        }
    }

    @Test func `§16.2 a second run changes nothing`() throws {
        let queue = try DatabaseQueue()
        let migrator = Migrator(MigrationFile.central)
        try migrator.migrate(queue, now: now)
        let before = try queue.read {
            try String.fetchAll($0, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        }
        let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
        try migrator.migrate(queue, now: now + .seconds(60))
        #expect(
            try queue.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            } == before
        )
        #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") } == version)
        #expect(
            try queue.read { try Timestamp.fetchSet($0, sql: "SELECT applied_at FROM schema_version") } == [now]
        )
    }

    @Test func `§16.3 a migration is known by its name, not by its number`() throws {
        let queue = try DatabaseQueue()
        try Migrator([Self.second]).migrate(queue, now: now)
        try Migrator([Self.first, Self.second]).migrate(queue, now: now)
        #expect(try names(queue) == ["second", "first"])
    }

    @Test func `§16.4 a migration that throws leaves neither schema nor ledger row`() throws {
        let queue = try DatabaseQueue()
        let broken = MigrationFile(
            version: 2,
            name: "broken",
            sql: "CREATE TABLE c (z INTEGER); INSERT INTO nowhere VALUES (1);"
        )
        #expect(throws: StoreError.self) { try Migrator([Self.first, broken, Self.second]).migrate(queue, now: now) }
        #expect(try names(queue) == ["first"])
        #expect(try queue.read { try $0.tableExists("c") } == false)
        #expect(try queue.read { try $0.tableExists("b") } == false)
    }

    @Test func `§16.6 a migration over rows that point to each other keeps them, and a dangling one is refused`() throws
    {
        let queue = try DatabaseQueue()
        try Migrator([Self.first]).migrate(queue, now: now)
        try queue.write { try $0.execute(sql: "INSERT INTO a VALUES (1, 1)") }
        let column = MigrationFile(version: 2, name: "column", sql: "ALTER TABLE a ADD COLUMN w TEXT;")
        try Migrator([Self.first, column]).migrate(queue, now: now)
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM a") } == 1)
        let dangling = MigrationFile(
            version: 3,
            name: "dangling",
            sql: "PRAGMA defer_foreign_keys = ON; INSERT INTO a VALUES (2, 9, NULL);"
        )
        #expect(throws: StoreError.self) { try Migrator([Self.first, column, dangling]).migrate(queue, now: now) }
        #expect(try names(queue) == ["first", "column"])
    }

    @Test func `a database of a newer program is refused by the migration's name`() throws {
        let queue = try DatabaseQueue()
        try Migrator([Self.first, Self.second]).migrate(queue, now: now)
        let error = #expect(throws: StoreError.self) { try Migrator([Self.first]).migrate(queue, now: now) }
        #expect(error?.message.contains("second") == true)
    }

    @Test func `a migration whose text has changed is refused`() throws {
        let queue = try DatabaseQueue()
        try Migrator([Self.first]).migrate(queue, now: now)
        let other = MigrationFile(version: 1, name: "first", sql: "CREATE TABLE other (x INTEGER);")
        let error = #expect(throws: StoreError.self) { try Migrator([other]).migrate(queue, now: now) }
        #expect(error?.code == .migration)
    }

    @Test func `a checksum is the SHA-256 of the text`() throws {
        #expect(try Checksum.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
