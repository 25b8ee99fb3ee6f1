import CentralStore
import Core
import GRDB
import Testing

@Suite struct `What the central schema refuses` {
    @Test func `every table is strict, every time an integer and every reference says what a deletion does`()
        async throws
    {
        try await withStore { store in
            try await store.read { db in
                let tables = try Row.fetchAll(
                    db,
                    sql: "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
                )
                #expect(tables.count > 18)
                for table in tables {
                    let name: String = table["name"]
                    #expect(table["strict"] == 1, "\(name)")
                    let columns = try Row.fetchAll(
                        db,
                        sql: "SELECT name, type FROM pragma_table_info(?)",
                        arguments: [name]
                    )
                    for column in columns {
                        let key: String = column["name"]
                        if key.hasSuffix("_at") || ["first_seen", "last_seen", "last_active", "next_due"].contains(key)
                        {
                            #expect(column["type"] == "INTEGER", "\(name).\(key)")
                        }
                    }
                    let actions = try String.fetchAll(
                        db,
                        sql: "SELECT on_delete FROM pragma_foreign_key_list(?)",
                        arguments: [name]
                    )
                    #expect(!actions.contains("NO ACTION"), "\(name)")
                }
            }
        }
    }

    @Test func `the writer is durable: WAL, synchronous FULL, foreign keys on`() async throws {
        try await withStore { store in
            let settings = try await store.write { db in
                try ["synchronous", "foreign_keys"].map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
            }
            #expect(settings == [2, 1])
            #expect(try await store.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        }
    }

    @Test(arguments: [
        "UPDATE messaging_groups SET unknown_sender_policy = 'open'",
        "UPDATE wirings SET side = 'world'", "UPDATE wirings SET engage_modes = '[\"always\"]'",
        "UPDATE wirings SET engage_modes = '[]'",
        "UPDATE wirings SET engage_modes = '[\"pattern\"]', engage_pattern = NULL",
        "UPDATE wirings SET chats = 'some'", "UPDATE wirings SET sender_scope = 'none'",
        "UPDATE wirings SET ignored_message_policy = 'keep'", "UPDATE wirings SET session_mode = 'own'",
        "UPDATE wirings SET queue_mode = 'later'", "UPDATE user_roles SET role = 'root'",
        "UPDATE sessions SET status = 'gone'", "UPDATE sessions SET mode = 'own'",
        "UPDATE agent_destinations SET target_type = 'mail'", "UPDATE runners SET state = 'lost'",
        "UPDATE providers SET kind = 'offline'", "UPDATE cli_messages SET direction = 'up'",
        "UPDATE dropped_messages SET reason = 'because'",
    ])
    func `T34 an unknown enum value is refused when it is written`(sql: String) async throws {
        try await withStore { store in
            try await store.write { db in try Sample.insert(db) }
            await #expect(throws: DatabaseError.self) { try await store.write { try $0.execute(sql: sql) } }
        }
    }

    @Test func `T34 an unknown enum value is refused when it is read, naming the column`() async throws {
        try await withStore { store in
            let text = await message {
                try await store.write { db in
                    try Sample.insert(db)
                    try db.execute(
                        sql: "PRAGMA ignore_check_constraints = ON; UPDATE wirings SET sender_scope = 'none'"
                    )
                    _ = try Wiring.fetchAll(db)
                }
            }
            #expect(text.contains("sender_scope"))
            let modes = await message {
                try await store.write { db in
                    try Sample.insert(db)
                    try db.execute(
                        sql: "PRAGMA ignore_check_constraints = ON; UPDATE wirings SET engage_modes = '[\"always\"]'"
                    )
                    _ = try Wiring.fetchAll(db)
                }
            }
            #expect(modes.contains("always"))
        }
    }

    @Test func `every enum of the records is one of the schema's`() async throws {
        try await withStore { store in
            let schema = try await store.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
            }
            .joined(separator: "\n")
            let values: [[String]] = [
                UnknownSenderPolicy.allCases.map(\.rawValue), WiringSide.allCases.map(\.rawValue),
                ChatKinds.allCases.map(\.rawValue), SenderScope.allCases.map(\.rawValue),
                IgnoredMessagePolicy.allCases.map(\.rawValue), SessionMode.allCases.map(\.rawValue),
                QueueMode.allCases.map(\.rawValue), Role.allCases.map(\.rawValue),
                SessionStatus.allCases.map(\.rawValue),
                DestinationKind.allCases.map(\.rawValue), RunnerStage.allCases.map(\.rawValue),
                CLIDirection.allCases.map(\.rawValue),
            ]
            for names in values {
                let list = "IN (\(names.map { "'\($0)'" }.joined(separator: ", ")))"
                #expect(schema.contains(list), "\(list)")
            }
            for reason in DropReason.allCases { #expect(schema.contains("'\(reason.rawValue)'")) }
            for mode in EngageMode.allCases { #expect(schema.contains("\"\(mode.rawValue)\"")) }
        }
    }

    @Test func `§16.9 a chat has one row, and an agent group one wiring with it`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let chat = MessagingGroup(channelType: "cli", platformID: "cli:local:main", createdAt: now)
            #expect(await code { _ = try await store.write { try chat.create($0) } } == .conflict)
            await #expect(throws: DatabaseError.self) { try await store.write { try chat.insert($0) } }
            let twin = Wiring(agentGroupID: sample.group.id, target: .chat(sample.chat.id), createdAt: now)
            #expect(await code { _ = try await store.write { try twin.create($0) } } == .conflict)
            await #expect(throws: DatabaseError.self) { try await store.write { try twin.insert($0) } }
        }
    }

    @Test func `§16.16 deleting an agent group removes its configuration and all that points to it`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            try await store.write {
                try AgentGroup.remove(sample.group.id, by: nil, now: Timestamp(milliseconds: 9), $0)
            }
            let counts = try await store.read { db in
                try ["agent_group_configs", "wirings", "agent_destinations", "sessions", "dirty", "runners"].map {
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)")
                }
            }
            #expect(counts == [0, 0, 0, 0, 0, 0])
        }
    }

    @Test func `§16.18 every time that is stored is whole milliseconds`() async throws {
        try await withStore { store in
            try await store.write { try Sample.insert($0) }
            let kinds = try await store.read { db in
                try String.fetchAll(
                    db,
                    sql:
                        "SELECT DISTINCT typeof(created_at) FROM wirings UNION SELECT typeof(applied_at) FROM schema_version"
                )
            }
            #expect(kinds == ["integer"])
        }
    }
}

/// One row of each table that most tests look at.
struct Sample {
    var group: AgentGroup
    var chat: MessagingGroup
    var wiring: Wiring

    @discardableResult
    static func insert(_ db: Database) throws -> Sample {
        let group = try AgentGroup.create(name: "Main", now: now, db)
        let chat = try MessagingGroup(channelType: "cli", platformID: "cli:local:main", name: "cli", createdAt: now)
            .create(db)
        let wiring = try Wiring(
            agentGroupID: group.id,
            target: .chat(chat.id),
            engageModes: [.pattern, .reply],
            engagePattern: ".",
            createdAt: now
        ).create(db)
        try UserRole.grant(.owner, to: ann, now: now, db)
        try Provider(name: "local", kind: .openai, baseURL: "http://127.0.0.1:11434/v1", model: "m", createdAt: now)
            .insert(db)
        try CLIMessage(platformID: "cli:local:main", direction: .in, messageID: "1", content: "{}", createdAt: now)
            .append(db)
        try db.execute(
            sql: """
                INSERT INTO sessions (id, agent_group_id, mode, messaging_group_id, last_active, created_at)
                    VALUES ('se_1', ?, 'shared', ?, 0, 0);
                INSERT INTO dirty (session_id, reason, marked_at) VALUES ('se_1', 'test', 0);
                INSERT INTO runners (session_id, updated_at) VALUES ('se_1', 0);
                INSERT INTO dropped_messages (channel_type, platform_id, reason, first_seen, last_seen)
                    VALUES ('cli', 'x', 'rejected', 0, 0);
                """,
            arguments: [group.id, chat.id]
        )
        return Sample(group: group, chat: chat, wiring: wiring)
    }
}
