import CSQLite
import Core
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

/// What stands behind the comparison of the schema: each rule alone, on the connection itself.
///
/// The comparison lets nothing odd through, so that through the reader none of these would ever be seen to work.
struct HostileDatabaseTests {
    /// The copy of a file with two rows, once `statements` have changed its schema and the comparison has passed it.
    private func open(_ statements: String = "", _ body: (HostileDatabase) throws -> Void) async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for text in ["one", "two"] { _ = try runner.insert(scene.reply(text)) }
            runner.close()
            var schemas: [Int: Set<SessionSchema.Entry>] = [:]
            try scene.tamper { database in
                try database.execute(statements)
                schemas[try SessionSchema.version(of: database)] = Set(try SessionSchema.entries(of: database))
            }
            let bytes = try Directory(path: scene.folder.outbound).contents("outbound.db", limit: 1 << 24)
            try body(try HostileDatabase(bytes, schemas: schemas))
        }
    }

    /// Takes the authorizer away, so that what it would refuse meets the next rule.
    private func withoutAuthorizer(_ hostile: HostileDatabase) -> Connection {
        sqlite3_set_authorizer(hostile.database.handle, nil, nil)
        return hostile.database
    }

    private func refusal(_ database: Connection, _ sql: String) -> String {
        do {
            return "no refusal: \(try database.rows(sql) { $0.optionalText(0) ?? "NULL" }.count) rows"
        } catch {
            return "\(error)"
        }
    }

    @Test func `HR01 the authorizer lets the three tables be read, and nothing else be done`() async throws {
        try await open("CREATE TABLE other (secret TEXT); INSERT INTO other VALUES ('x')") { hostile in
            let database = hostile.database
            let texts = try database.rows("SELECT content FROM messages_out ORDER BY seq") { $0.text(0) }
            let acks = try database.rows("SELECT message_id FROM processing_ack") { $0.text(0) }
            let states = try database.rows("SELECT incarnation FROM runner_state") { $0.integer(0) }
            #expect(texts.count == 2 && acks.isEmpty && states.count == 1)
            for sql in [
                "SELECT secret FROM other", "SELECT name FROM sqlite_schema", "SELECT count(*) FROM messages_out",
                "SELECT randomblob(8)", "SELECT printf('%.900000000c', 'x')", "SELECT load_extension('x')",
                "PRAGMA user_version", "PRAGMA query_only=OFF",
                "ATTACH '/tmp/x' AS x", "DELETE FROM messages_out", "CREATE TEMP TABLE t (x)", "SAVEPOINT s",
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2) SELECT x FROM n",
                "SELECT value FROM json_each('[1]')",
            ] {
                let words = refusal(database, sql)
                let refusals = ["not authorized", "prohibited", "vtable constructor failed"]
                #expect(refusals.contains { words.contains($0) }, "\(sql): \(words)")
            }
        }
    }

    @Test func `HR02 each limit of the connection is the tight one, not the library's`() async throws {
        let limits: [(Int32, Int32)] = [
            (SQLITE_LIMIT_LENGTH, Int32(SessionLimits.outboundFile)), (SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
            (SQLITE_LIMIT_COLUMN, 64), (SQLITE_LIMIT_EXPR_DEPTH, 50), (SQLITE_LIMIT_COMPOUND_SELECT, 2),
            (SQLITE_LIMIT_VDBE_OP, 25_000), (SQLITE_LIMIT_FUNCTION_ARG, 8), (SQLITE_LIMIT_ATTACHED, 0),
            (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        try await open { hostile in
            for (limit, value) in limits {
                #expect(sqlite3_limit(hostile.database.handle, limit, -1) == value, "limit \(limit)")
            }
            let database = withoutAuthorizer(hostile)
            #expect(refusal(database, "SELECT zeroblob(900000000)").contains("too big"))
            #expect(refusal(database, "SELECT 1 UNION SELECT 2 UNION SELECT 3").contains("too many terms"))
        }
    }

    @Test func `HR03 no view of the file is read, no text is taken for a name, and the schema is trusted with nothing`()
        async throws
    {
        try await open("CREATE VIEW v AS SELECT 1 AS x") { hostile in
            let database = withoutAuthorizer(hostile)
            #expect(refusal(database, "SELECT x FROM v LIMIT 1").contains("prohibited"))
            #expect(refusal(database, #"SELECT "no such column""#).contains("no such column"))
            for (setting, value) in [
                ("trusted_schema", Int64(0)), ("writable_schema", 0), ("cell_size_check", 1), ("query_only", 1),
                ("temp_store", 2), ("ignore_check_constraints", 1),
            ] {
                let found = try database.first("PRAGMA \(setting)") { $0.integer(0) }
                #expect(found == value, "\(setting)")
            }
            #expect(refusal(database, "DELETE FROM messages_out").contains("readonly"))
            // Of a connection that is not defended this would only be refused because the copy is not written.
            try database.execute("PRAGMA writable_schema=ON")
            #expect(refusal(database, "UPDATE sqlite_schema SET sql = ''").contains("may not be modified"))
        }
    }

    @Test
    func `HR04 a statement that takes more than the budget of instructions is interrupted, and so is all that follows`()
        async throws
    {
        try await open { hostile in
            let database = withoutAuthorizer(hostile)
            func count(to bound: Int) -> String {
                refusal(
                    database,
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < \(bound)) SELECT max(x) FROM n"
                )
            }
            #expect(count(to: 1000) == "no refusal: 1 rows")
            // Over ten instructions a step: far above the budget, and over in seconds without one.
            #expect(count(to: 20_000_000).contains("interrupted"))
            #expect(count(to: 1000).contains("interrupted"))
        }
    }

    @Test func `a file that is only looked at is judged as the delivery judges it, and as fast`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.insert(scene.reply("one"))
            runner.close()
            let outbound = try Directory(path: scene.folder.outbound)
            func bytes() throws -> [UInt8] { try outbound.contents("outbound.db", limit: 1 << 24) }
            #expect(OutboundCheck.refusal(of: try bytes()) == nil)
            // What a check of the index would work on for minutes.
            try scene.tamper { database in
                try database.execute(
                    """
                    CREATE TABLE bomb (x TEXT);
                    CREATE INDEX bomb_index ON bomb (length(printf('%.1c', x)) > 0);
                    INSERT INTO bomb WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000)
                        SELECT x FROM n;
                    PRAGMA writable_schema=ON;
                    UPDATE sqlite_schema SET sql = replace(sql, '%.1c', '%.20000000c')
                    """
                )
            }
            let start = ContinuousClock().now
            #expect(OutboundCheck.refusal(of: try bytes())?.contains("its schema is not the one") == true)
            #expect(ContinuousClock().now - start < .seconds(10))
            try scene.patch(at: 18, [2])
            #expect(OutboundCheck.refusal(of: try bytes())?.contains("write version") == true)
            #expect(OutboundCheck.refusal(of: []) != nil)
        }
    }
}
