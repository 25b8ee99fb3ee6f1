import CentralStore
import Core
import Foundation
import GRDB
import TestSupport
import Testing

/// The audit: whole as long as nobody touches it, and seen to be touched when somebody has.
@Suite(.timeLimit(.minutes(1))) struct AuditTests {
    private static let entries = 6

    /// A home with some decisions in it, its store closed; `body` may do to it what it likes.
    private func withAudit(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            let bob = UserID(channel: "test", native: "bob")
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db).id
                try UserRole.grant(.owner, to: ann, now: now, db)
                try UserRole.grant(.admin, to: bob, in: group, by: ann, now: now, db)
                try UserRole.grant(.admin, to: bob, in: group, by: ann, now: now, db)
                try Member(userID: bob, agentGroupID: group, channelType: "test", addedBy: ann, addedAt: now).add(db)
            }
            try await store.write { db in
                try Identity.link(ann, bob, by: ann, now: now, db)
                try Identity.unlink(bob, by: ann, now: now, db)
                try UserRole.revoke(.admin, from: bob, in: AgentGroup.fetchOne(db)?.id, by: ann, now: now, db)
            }
            await #expect(throws: (any Error).self) {
                try await store.write { db in
                    try AuditEntry(at: now, event: "never-happened").append(db)
                    throw CancellationError()
                }
            }
            try store.close()
            lock.release()
            try await body(home)
        }
    }

    /// Changes the database as somebody would who has the file.
    private func tamper(_ home: String, _ body: (Database) throws -> Void) throws {
        let database = try DatabaseQueue(path: CentralStore.path(home: home))
        try database.write { db in
            try db.execute(sql: "DROP TRIGGER IF EXISTS audit_kept; DROP TRIGGER IF EXISTS audit_unchanged")
            try body(db)
        }
        try database.close()
    }

    private func fault(_ home: String) async throws -> String? { try await AuditVerification.run(home: home).fault }

    @Test func `T74 what changes rights is written down with who did it, and the same twice is one entry`() async throws
    {
        try await withAudit { home in
            let found = try await AuditVerification.run(home: home)
            #expect(found.fault == nil && found.count == Int64(Self.entries))
            let store = try CentralStore(readingHome: home)
            let events = try await store.read { db in
                try AuditEntry.order(AuditEntry.CodingKeys.position).fetchAll(db).map {
                    "\($0.event) \($0.userID?.description ?? "-") \($0.subject?.description ?? "-") \($0.detail)"
                }
            }
            try store.close()
            #expect(
                events == [
                    "role-granted - cli:1000 owner", "role-granted cli:1000 test:bob admin",
                    "member-added cli:1000 test:bob test", "linked cli:1000 test:bob cli:1000",
                    "unlinked cli:1000 test:bob ", "role-revoked cli:1000 test:bob admin",
                ]
            )
        }
    }

    @Test func `T74 any changed byte of any column is found`() async throws {
        try await withAudit { home in
            let columns = [
                "position", "at", "event", "approval_id", "grant_id", "agent_group_id", "user_id", "subject", "detail",
                "hash",
            ]
            let database = try DatabaseQueue(path: CentralStore.path(home: home))
            try await database.write { db in
                try db.execute(sql: "DROP TRIGGER audit_kept; DROP TRIGGER audit_unchanged")
            }
            for position in 1...Self.entries {
                for column in columns {
                    try await database.write { db in
                        try db.execute(sql: "CREATE TEMP TABLE kept AS SELECT * FROM main.audit")
                        // One letter more or another one, a number that is one more, something where nothing was.
                        let change =
                            switch column {
                            case "position": "\(column) + 100"
                            case "at": "\(column) + 1"
                            case "hash": "substr(hash, 1, 63) || CASE substr(hash, 64) WHEN '0' THEN '1' ELSE '0' END"
                            default: "coalesce(\(column), '') || 'x'"
                            }
                        try db.execute(sql: "UPDATE audit SET \(column) = \(change) WHERE position = \(position)")
                    }
                    #expect(try await fault(home) != nil, "\(column) of \(position)")
                    try await database.write { db in
                        try db.execute(sql: "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept")
                    }
                    #expect(try await fault(home) == nil)
                }
            }
            try database.close()
        }
    }

    @Test(arguments: 1...6)
    func `T74 an entry that is taken out is found, the last one too`(position: Int) async throws {
        try await withAudit { home in
            try tamper(home) { try $0.execute(sql: "DELETE FROM audit WHERE position = \(position)") }
            #expect(try await fault(home)?.contains("missing") == true)
        }
    }

    @Test func `T74 a cut tail is found by the head, which is kept apart`() async throws {
        try await withAudit { home in
            let head = "\(home)/data/audit.head"
            let kept = try Data(contentsOf: URL(fileURLWithPath: head))
            try tamper(home) { try $0.execute(sql: "DELETE FROM audit WHERE position > 3") }
            #expect(try await fault(home)?.hasPrefix("the last 3 entries are missing") == true)
            // What is added behind a cut does not heal it.
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            for _ in 0..<5 {
                try await store.write { db in try AuditEntry(at: now, event: "one-more").append(db) }
                #expect(try await fault(home) != nil)
            }
            try store.close()
            lock.release()
            try FileManager.default.removeItem(atPath: head)
            #expect(try await fault(home)?.contains("is gone") == true)
            for text in ["", "{}", #"{"count":3,"hash":"x"}"#] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: head))
                #expect(try await fault(home) != nil, "\(text)")
            }
            // A chain that was made anew is another chain.
            try tamper(home) { db in
                try db.execute(sql: "DELETE FROM audit")
                for _ in 0..<Self.entries { try AuditEntry(at: now, event: "forged").append(db) }
            }
            #expect(try await fault(home) != nil)
            try kept.write(to: URL(fileURLWithPath: head))
            #expect(try await fault(home)?.contains("remembers") == true)
            try FileManager.default.removeItem(atPath: head)
            try tamper(home) { try $0.execute(sql: "DELETE FROM audit") }
            #expect(try await fault(home)?.contains("there is no entry") == true)
        }
    }

    @Test func `T74 a head that is behind, as after a power cut, is no fault`() async throws {
        try await withAudit { home in
            let head = "\(home)/data/audit.head"
            let kept = try Data(contentsOf: URL(fileURLWithPath: head))
            let store = try CentralStore(lock: HomeLock.acquire(home: home))
            try await store.write { db in try AuditEntry(at: now, event: "one-more").append(db) }
            try store.close()
            try kept.write(to: URL(fileURLWithPath: head))
            let found = try await AuditVerification.run(home: home)
            #expect(found.fault == nil && found.count == Int64(Self.entries) + 1)
        }
    }

    @Test func `T74 somebody else's program finds the same by what docs say of the seal`() async throws {
        try await withAudit { home in
            let program = """
                import hashlib, sqlite3, sys
                rows = sqlite3.connect(sys.argv[1]).execute(
                    "SELECT position, at, event, approval_id, grant_id, agent_group_id, user_id, subject, detail, hash "
                    "FROM audit ORDER BY position").fetchall()
                before, count = "0" * 64, 0
                for row in rows:
                    fields = [before] + [None if value is None else str(value) for value in row[:-1]]
                    text = "".join("-" if f is None else "%d:%s" % (len(f.encode()), f) for f in fields)
                    before = hashlib.sha256(text.encode()).hexdigest()
                    assert before == row[-1], row
                    count += 1
                print(count, before)
                """
            let printed = try await Judge.run("/usr/bin/python3", ["-c", program, CentralStore.path(home: home)])
            let found = try await AuditVerification.run(home: home)
            #expect(printed == "\(found.count) \(found.hash)\n")
        }
    }
}
