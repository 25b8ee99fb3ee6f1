import Foundation
import TestSupport
import Testing

/// Settings that a release cannot read, one of each kind, in a real home.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct UnreadableSettingTests {
    /// A row of each table that no type of ours takes, though SQLite does.
    private static let rows: [(table: String, sql: String)] = [
        ("agent_groups", "INSERT INTO agent_groups VALUES ('/x', 'X', '/x', 0, NULL)"),
        ("agent_group_configs", "UPDATE agent_group_configs SET config = '{\"hovercraft\":1}'"),
        (
            "providers",
            "PRAGMA ignore_check_constraints = 1; INSERT INTO providers VALUES ('p', 'gemini', 'http://a/v1', 'm', 0)"
        ),
        (
            "messaging_groups",
            "INSERT INTO messaging_groups (id, channel_type, platform_id, created_at) VALUES ('/x', 'cli', '/x', 0)"
        ),
        ("wirings", "UPDATE wirings SET id = '/x'"),
        ("agent_destinations", "UPDATE agent_destinations SET agent_group_id = '/x'"),
        ("channel_accounts", "INSERT INTO channel_accounts VALUES ('a', 'webhook', 'a', 'A', '[1]', 0)"),
        ("users", "INSERT INTO users (id, channel_type, created_at) VALUES (' :', '', 0)"),
        ("user_roles", "UPDATE user_roles SET user_id = 'nobody'"),
        ("agent_group_members", "INSERT INTO agent_group_members VALUES ('nobody', '/x', NULL, 0, NULL)"),
        ("user_dms", "INSERT INTO user_dms VALUES ('nobody', 'cli', '/x', 0)"),
        ("identities", "INSERT INTO identities VALUES ('/x', 0)"),
        ("identity_handles", "INSERT INTO identity_handles VALUES ('nobody', '/x', NULL, 0)"),
        ("pending_identity_links", "INSERT INTO pending_identity_links VALUES ('nobody', 'no-one', 0, 0)"),
        ("sessions", "UPDATE sessions SET agent_group_id = '/x'"),
        (
            "pending_questions",
            "INSERT INTO pending_questions VALUES ('q', '/x', '/x', 'cli', '/x', NULL, 'T', '[]', NULL, 0)"
        ),
        (
            "tasks",
            """
            INSERT INTO tasks (id, agent_group_id, session_mode, prompt, schedule_kind, schedule, zone, created_by,
                created_at, updated_at)
            VALUES ('/x', '/x', 'agent-shared', 'p', 'cron', '0 7 * * *', 'UTC', 'agent', 0, 0)
            """
        ),
        (
            "task_runs",
            """
            INSERT INTO task_runs (id, task_id, due_at, state, prompt, is_fresh, claimed_at)
            VALUES ('/x', '/x', 0, 'completed', 'p', 0, 0)
            """
        ),
        (
            "approvals",
            """
            INSERT INTO approvals (id, action, plan, plan_hash, scope_hash, level, title, body, choices, expires_at,
                created_at) VALUES ('/x', 'a', '{}', printf('%064d', 0), printf('%064d', 0), 'owner', 't', 'b', '[]', 0, 0)
            """
        ),
        (
            "approval_askers",
            "INSERT INTO approval_askers (approval_id, session_id, asked_at) VALUES ('/x', '/x', 0)"
        ),
        (
            "approval_grants",
            """
            INSERT INTO approval_grants (id, kind, granted_by, created_at, expires_at)
            VALUES ('/x', 'bypass', 'nobody', 0, 0)
            """
        ),
        (
            "cards",
            """
            INSERT INTO cards (id, purpose, subject, channel_type, platform_id, code, agent_name, content, created_at,
                updated_at) VALUES ('/x', 'p', 's', 'cli', '/x', '1', 'A', '{}', 0, 0)
            """
        ),
        (
            "audit",
            """
            INSERT INTO audit (at, event, user_id, detail, hash) VALUES (0, 'asked', 'nobody', '', printf('%064d', 0))
            """
        ),
    ]

    @Test func `T62 a home with a setting that the release cannot read is refused, and nothing of it is changed`()
        async throws
    {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            let database = scene.home + "/data/nanoclaw.db"
            _ = try await run("/usr/bin/sqlite3", [database, "PRAGMA wal_checkpoint(TRUNCATE)"])
            let sound = try Data(contentsOf: URL(filePath: database))
            #expect(try await scene.upgrade("--from", scene.new, "--check").status == 0)
            for (table, sql) in Self.rows {
                let made = try await run("/usr/bin/sqlite3", ["-bail", database, sql])
                try #require(made.status == 0, "\(table): \(made)")
                let before = try await scene.tree()
                let refused = try await scene.upgrade("--from", scene.new)
                #expect(refused.status == 1, "\(table): \(refused)")
                #expect(refused.errors.contains("data/nanoclaw.db, \(table): "), "\(table): \(refused)")
                #expect(refused.errors.contains("nothing was changed"), "\(refused)")
                #expect(try await scene.tree() == before, "\(table)")
                #expect(try scene.release() == "old")
                try scene.expectNothingLeft("\(table)")
                try sound.write(to: URL(filePath: database))
            }
        }
    }
}
