import CentralStore
import Core
import GRDB
import Testing

@Suite struct `Handles, identities and direct chats` {
    static let phone = UserID(channel: "telegram", native: "7")
    static let desk = UserID(channel: "matrix", native: "@ann:example.org")
    static let third = UserID(channel: "slack", native: "U1")

    @Test func `a membership of one channel counts there only, for every handle of the human`() async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db).id
                try Identity.link(Self.phone, Self.desk, by: nil, now: now, db)
                let onPhone = Member(userID: Self.phone, agentGroupID: group, channelType: "telegram", addedAt: now)
                #expect(try onPhone.add(db))
                #expect(try Access.of(Self.phone, db).memberOf == [group])
                #expect(try Access.of(Self.desk, db).memberOf == [])
                let everywhere = Member(userID: Self.phone, agentGroupID: group, addedAt: now)
                #expect(try everywhere.add(db))
                #expect(try Member.fetchCount(db) == 1)
                #expect(try Access.of(Self.desk, db).memberOf == [group])
            }
            let bad = Member(userID: Self.phone, agentGroupID: .random(), channelType: "a b", addedAt: now)
            #expect(await code { _ = try await store.write { try bad.add($0) } } == .notFound)
        }
    }

    @Test func `linked handles have one set of rights, and an unlinked one its own at once`() async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db).id
                try UserRole.grant(.admin, to: Self.phone, in: group, now: now, db)
                try UserRole.grant(.owner, to: ann, now: now, db)
                try Identity.link(Self.phone, Self.desk, by: ann, now: now, db)
                #expect(try Access.of(Self.desk, db).adminOf == [group])
                // A third joins by either of the two.
                try Identity.link(Self.third, Self.desk, by: ann, now: now, db)
                #expect(try Set(Identity.handles(of: Self.phone, db)) == [Self.phone, Self.desk, Self.third])
                #expect(try Access.of(Self.third, db).adminOf == [group])
                try Identity.unlink(Self.phone, by: nil, now: Timestamp(milliseconds: 2), db)
                #expect(try Access.of(Self.third, db) == Access())
                #expect(try Access.of(Self.phone, db).adminOf == [group])
                try Identity.unlink(Self.third, by: nil, now: Timestamp(milliseconds: 2), db)
                #expect(try Identity.fetchCount(db) == 0)
                #expect(try IdentityHandle.fetchCount(db) == 0)
            }
        }
    }

    @Test func `two humans with several handles each are not merged: no unlink would undo it`() async throws {
        try await withStore { store in
            try await store.write { db in
                try Identity.link(Self.phone, Self.desk, by: nil, now: now, db)
                try Identity.link(Self.third, ann, by: nil, now: now, db)
            }
            #expect(
                await code {
                    _ = try await store.write { try Identity.link(ann, Self.desk, by: nil, now: now, $0) }
                } == .conflict
            )
            #expect(try await store.read { try Identity.fetchCount($0) } == 2)
        }
    }

    @Test func `neither loops nor double links can be written`() async throws {
        try await withStore { store in
            try await store.write { try Identity.link(Self.phone, Self.desk, by: nil, now: now, $0) }
            #expect(
                await code {
                    _ = try await store.write { try Identity.link(Self.desk, Self.phone, by: nil, now: now, $0) }
                } == .conflict
            )
            #expect(
                await code {
                    _ = try await store.write { try Identity.link(ann, ann, by: nil, now: now, $0) }
                } == .invalid
            )
            // Nor past the code: a handle is the key of its row.
            await #expect(throws: DatabaseError.self) {
                try await store.write { db in
                    let other = Identity(id: .random(), createdAt: now)
                    try other.insert(db)
                    try IdentityHandle(userID: Self.phone, identityID: other.id, linkedAt: now).insert(db)
                }
            }
            await #expect(throws: DatabaseError.self) {
                try await store.write { db in
                    try PendingIdentityLink(userID: ann, otherUserID: ann, expiresAt: now, createdAt: now).insert(db)
                }
            }
        }
    }

    @Test func `a deleted handle leaves its human's others`() async throws {
        try await withStore { store in
            try await store.write { db in
                try Identity.link(Self.phone, Self.desk, by: nil, now: now, db)
                try Identity.link(Self.phone, Self.third, by: nil, now: now, db)
                try User.remove(Self.phone, by: nil, now: Timestamp(milliseconds: 2), db)
                #expect(try Identity.handles(of: Self.desk, db) == [Self.desk, Self.third])
                try User.remove(Self.third, by: nil, now: Timestamp(milliseconds: 2), db)
                #expect(try Identity.fetchCount(db) == 0)
            }
        }
    }

    @Test func `T74 rights that go with a person or an agent group are named in the audit`() async throws {
        try await withStore { store in
            let boss = UserID(channel: "cli", native: "0")
            let events = try await store.write { db -> [[String]] in
                let group = AgentGroup(name: "Going", folder: "going", createdAt: now)
                try group.insert(db)
                try UserRole.grant(.admin, to: Self.phone, in: group.id, now: now, db)
                try Member(userID: Self.desk, agentGroupID: group.id, addedAt: now).add(db)
                let before = try AuditEntry.fetchCount(db)
                try AgentGroup.remove(group.id, by: boss, now: now, db)
                try UserRole.grant(.admin, to: Self.third, now: now, db)
                try User.remove(Self.third, by: boss, now: now, db)
                let new = try AuditEntry.order(AuditEntry.CodingKeys.position).fetchAll(db).dropFirst(before)
                return new.map { [$0.event, $0.userID?.description ?? "", $0.subject?.description ?? $0.detail] }
            }
            #expect(
                events == [
                    ["role-revoked", "cli:0", Self.phone.description],
                    ["member-removed", "cli:0", Self.desk.description], ["group-removed", "cli:0", "Going"],
                    ["role-granted", "", Self.third.description], ["role-revoked", "cli:0", Self.third.description],
                    ["user-removed", "cli:0", Self.third.description],
                ]
            )
        }
    }

    @Test func `a handle is one person's, and is found in upper and lower case`() async throws {
        try await withStore { store in
            try await store.write { db in
                try User.seen(Self.phone, name: "Ann", handle: "@Ann", now: now, db)
                #expect(try Lookup.user("@ann", db).id == Self.phone)
                let eve = UserID(channel: "telegram", native: "666")
                try User.seen(eve, name: nil, handle: "ann", now: now, db)
                #expect(try Lookup.user("@ANN", db).id == eve)
                #expect(try User.fetchOne(db, key: Self.phone)?.handle == nil)
                // What a platform does not say is kept.
                try User.seen(eve, name: "Eve", handle: nil, now: now, db)
                #expect(try User.fetchOne(db, key: eve)?.handle == "ann")
            }
        }
    }

    @Test func `a name with a colon is nobody's id`() async throws {
        try await withStore { store in
            try await store.write { try User.upsert(Self.phone, name: "cli:0", now: now, $0) }
            #expect(await code { _ = try await store.read { try Lookup.user("cli:0", $0) } } == .notFound)
        }
    }

    @Test func `a direct chat is kept, found and forgotten`() async throws {
        try await withStore { store in
            let dm = ChatAddress(channel: "telegram", platformID: "7")
            try await store.write { db in
                #expect(try UserDM.address(of: Self.phone, db) == nil)
                try User.upsert(Self.phone, name: "Ann", now: now, db)
                for _ in 0..<2 { try UserDM.remember(Self.phone, dm, now: now, db) }
                #expect(try UserDM.address(of: Self.phone, db) == dm)
                let chat = try #require(try MessagingGroup.at(dm, db))
                #expect(chat.unknownSenderPolicy == .strict && !chat.isGroup && chat.name == "Ann")
                try UserDM.forget(at: dm, db)
                #expect(try UserDM.address(of: Self.phone, db) == nil)
                #expect(try MessagingGroup.at(dm, db) == chat)
            }
        }
    }
}
