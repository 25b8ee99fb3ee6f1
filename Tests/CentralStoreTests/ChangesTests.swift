import CentralStore
import Core
import GRDB
import Testing

@Suite struct `Changes of groups, chats and people` {
    @Test func `a group gets a folder from its name, with a number when it is taken`() async throws {
        try await withStore { store in
            let folders = try await store.write { db in
                try ["My Agent!", "my agent", "###", "Global"].map {
                    try AgentGroup.create(name: $0, now: now, db).folder
                }
            }
            #expect(folders == ["my-agent", "my-agent-2", "unnamed", "agent"])
        }
    }

    @Test func `§16.10 two agent groups cannot share a folder`() async throws {
        try await withStore { store in
            _ = try await store.write { try AgentGroup.create(name: "a", folder: "one", now: now, $0) }
            #expect(
                await code {
                    _ = try await store.write { try AgentGroup.create(name: "b", folder: "one", now: now, $0) }
                } == .conflict
            )
            await #expect(throws: DatabaseError.self) {
                try await store.write { try AgentGroup(name: "b", folder: "one", createdAt: now).insert($0) }
            }
        }
    }

    @Test(arguments: ["../up", "a/b", "", ".hidden", "global", "a b", String(repeating: "x", count: 65)])
    func `a folder name that escapes or is reserved is refused`(folder: String) async throws {
        try await withStore { store in
            #expect(
                await code {
                    _ = try await store.write { try AgentGroup.create(name: "a", folder: folder, now: now, $0) }
                } == .invalid
            )
        }
    }

    @Test func `§16.11 the same grant twice is one row, also for everywhere`() async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db)
                for _ in 0..<3 {
                    try UserRole.grant(.admin, to: ann, now: now, db)
                    try UserRole.grant(.admin, to: ann, in: group.id, now: now, db)
                }
                #expect(try UserRole.fetchCount(db) == 2)
            }
            await #expect(throws: DatabaseError.self) {
                try await store.write { db in
                    try db.execute(
                        sql: "INSERT INTO user_roles (id, user_id, role, granted_at) VALUES ('x', ?, 'admin', 0)",
                        arguments: [ann]
                    )
                }
            }
        }
    }

    @Test func `§16.12 an owner of one agent group is refused by code and by the schema`() async throws {
        try await withStore { store in
            let group = try await store.write { try AgentGroup.create(name: "a", now: now, $0) }
            #expect(
                await code {
                    _ = try await store.write { try UserRole.grant(.owner, to: ann, in: group.id, now: now, $0) }
                }
                    == .invalid
            )
            await #expect(throws: DatabaseError.self) {
                try await store.write { db in
                    try User.upsert(ann, now: now, db)
                    try db.execute(
                        sql:
                            "INSERT INTO user_roles (id, user_id, role, agent_group_id, granted_at) VALUES ('x', ?, 'owner', ?, 0)",
                        arguments: [ann, group.id]
                    )
                }
            }
        }
    }

    @Test func `§16.13 admins and owners count as members, strangers do not`() async throws {
        try await withStore { store in
            try await store.write { db in
                let here = try AgentGroup.create(name: "here", now: now, db).id
                let there = try AgentGroup.create(name: "there", now: now, db).id
                func access(_ name: String) throws -> Access { try Access.of(UserID(channel: "cli", native: name), db) }
                try UserRole.grant(.owner, to: UserID(channel: "cli", native: "owner"), now: now, db)
                try UserRole.grant(.admin, to: UserID(channel: "cli", native: "global"), now: now, db)
                try UserRole.grant(.admin, to: UserID(channel: "cli", native: "local"), in: here, now: now, db)
                try Member(userID: UserID(channel: "cli", native: "member"), agentGroupID: here, addedAt: now).add(db)
                for name in ["owner", "global"] {
                    #expect(try access(name).isAdmin(of: here) && access(name).isMember(of: there))
                }
                #expect(try access("local").isAdmin(of: here) && !access("local").isMember(of: there))
                #expect(try access("member").isMember(of: here) && !access("member").isAdmin(of: here))
                #expect(try access("member").isMember(of: there) == false)
                #expect(try access("nobody") == Access())
            }
        }
    }

    @Test func `the last owner stays`() async throws {
        try await withStore { store in
            let ben = UserID(channel: "cli", native: "1001")
            try await store.write { try UserRole.grant(.owner, to: ann, now: now, $0) }
            #expect(
                await code {
                    try await store.write {
                        try UserRole.revoke(.owner, from: ann, by: nil, now: Timestamp(milliseconds: 2), $0)
                    }
                } == .conflict
            )
            #expect(
                await code {
                    try await store.write { try User.remove(ann, by: nil, now: Timestamp(milliseconds: 2), $0) }
                } == .conflict
            )
            try await store.write { db in
                try UserRole.grant(.owner, to: ben, now: now, db)
                try UserRole.revoke(.owner, from: ann, by: nil, now: Timestamp(milliseconds: 2), db)
            }
            #expect(
                await code {
                    try await store.write {
                        try UserRole.revoke(.owner, from: ann, by: nil, now: Timestamp(milliseconds: 2), $0)
                    }
                } == .notFound
            )
        }
    }

    @Test func `a person keeps their name when the platform shows none`() async throws {
        try await withStore { store in
            try await store.write { db in
                try User.upsert(ann, name: "Ann", now: now, db)
                try User.upsert(ann, now: now, db)
                #expect(try User.fetchAll(db).map(\.displayName) == ["Ann"])
            }
        }
    }

    @Test func `a deleted chat takes its wirings along and closes its sessions, two in a row`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let closed = try await store.write { db in
                let other = try MessagingGroup(channelType: "cli", platformID: "b", createdAt: now).create(db)
                try db.execute(
                    sql:
                        "INSERT INTO sessions (id, agent_group_id, mode, messaging_group_id, last_active, created_at) VALUES ('se_2', ?, 'shared', ?, 0, 0)",
                    arguments: [sample.group.id, other.id]
                )
                return try MessagingGroup.remove(other.id, db) + MessagingGroup.remove(sample.chat.id, db)
            }
            #expect(closed.map(\.rawValue) == ["se_2", "se_1"])
            #expect(try await store.read { try Wiring.fetchCount($0) } == 0)
            #expect(try await store.read { try Session.fetchAll($0).map(\.status) } == [.closed, .closed])
        }
    }

    @Test func `a session is one per chat until it is closed`() async throws {
        try await withStore { store in
            try await store.write { try Sample.insert($0) }
            let again = """
                INSERT INTO sessions (id, agent_group_id, mode, messaging_group_id, last_active, created_at)
                SELECT 'se_2', agent_group_id, mode, messaging_group_id, 0, 0 FROM sessions WHERE id = 'se_1'
                """
            await #expect(throws: DatabaseError.self) { try await store.write { try $0.execute(sql: again) } }
            try await store.write { try $0.execute(sql: "UPDATE sessions SET status = 'closed'; \(again)") }
        }
    }
}
