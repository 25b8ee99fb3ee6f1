import CentralStore
import Core
import GRDB
import People
import Testing

@Suite struct `Links by a code` {
    static let phone = UserID(channel: "telegram", native: "phone")
    static let desk = UserID(channel: "matrix", native: "@desk:example.org")

    /// A link code of `maker` sent by `user`.
    func link(_ maker: UserID, _ user: UserID, at time: Timestamp = now, _ db: Database) throws -> Pairing.Redemption {
        let code = try Pairing.make(PairingOffer(.link), by: maker, isHomeOwner: false, now: time, db).code
        return try Pairing.redeem(code, from: sender(user), now: time, db)
    }

    @Test func `a code shown in one chat and sent from the other makes them one person`() async throws {
        try await withStore { store, group in
            try await store.write { db in
                try Member(userID: Self.phone, agentGroupID: group.id, addedAt: now).add(db)
                #expect(try link(Self.phone, Self.desk, db) == .paired(PairingOffer(.link), by: Self.phone))
                #expect(try Access.of(Self.desk, db).memberOf == [group.id])
                guard case .void = try link(Self.desk, Self.phone, db) else {
                    Issue.record("linked twice")
                    return
                }
                try Identity.unlink(Self.desk, by: nil, now: Timestamp(milliseconds: 2), db)
                #expect(try Access.of(Self.desk, db) == Access())
            }
        }
    }

    @Test func `joining somebody with more rights than the code's maker waits for an owner`() async throws {
        try await withStore { store, group in
            try await store.write { db in
                try Member(userID: eve, agentGroupID: group.id, addedAt: now).add(db)
                // An owner is tricked into sending it.
                #expect(try link(eve, boss, db) == .waits(maker: eve))
                #expect(try Access.of(eve, db).isOwner == false)
                #expect(try Identity.fetchCount(db) == 0)
                // Nor does a way round by a third handle help.
                #expect(try link(eve, Self.phone, db) == .paired(PairingOffer(.link), by: eve))
                #expect(try link(Self.phone, boss, db) == .waits(maker: Self.phone))
                #expect(try Access.of(Self.phone, db).isOwner == false)
                #expect(try PendingIdentityLink.fetchCount(db) == 2)
                // An owner says so.
                try Identity.link(boss, eve, by: boss, now: now, db)
                #expect(try Access.of(eve, db).isOwner)
                #expect(try PendingIdentityLink.fetchCount(db) == 0)
            }
        }
    }

    @Test(
        arguments: [
            (["member"], [], false), (["member"], ["member"], false), ([], ["member"], true),
            (["admin"], ["member"], true), (["member"], ["admin"], true), (["global"], ["admin", "member"], true),
            (["admin"], ["global"], true), (["global"], ["owner"], true), (["owner"], ["global", "member"], false),
            ([], [], false), ([], ["limited"], false), (["member"], ["limited", "other"], true),
            (["admin"], [], true), (["global"], [], true), (["admin"], ["admin"], false), (["owner"], [], false),
        ] as [([String], [String], Bool)]
    )
    func `a link waits when the maker would gain, or hand a role on that only an owner grants`(
        maker: [String],
        user: [String],
        waits: Bool
    ) async throws {
        try await withStore { store, group in
            try await store.write { db in
                let other = try AgentGroup.create(name: "Other", now: now, db)
                for (rights, who) in [(maker, Self.phone), (user, Self.desk)] {
                    for right in rights {
                        switch right {
                        case "owner": try UserRole.grant(.owner, to: who, now: now, db)
                        case "global": try UserRole.grant(.admin, to: who, now: now, db)
                        case "admin": try UserRole.grant(.admin, to: who, in: group.id, now: now, db)
                        case "other": try Member(userID: who, agentGroupID: other.id, addedAt: now).add(db)
                        default:
                            try Member(
                                userID: who,
                                agentGroupID: group.id,
                                channelType: right == "limited" ? who.channel : nil,
                                addedAt: now
                            ).add(db)
                        }
                    }
                }
                let before = try Access.of(Self.phone, db)
                let outcome = try link(Self.phone, Self.desk, db)
                #expect(outcome == (waits ? .waits(maker: Self.phone) : .paired(PairingOffer(.link), by: Self.phone)))
                // Whatever happened, the maker gained nothing.
                #expect(try before.includes(Access.of(Self.phone, db)))
            }
        }
    }

    @Test func `of two who have several handles each neither joins the other`() async throws {
        try await withStore { store, _ in
            try await store.write { db in
                let third = UserID(channel: "slack", native: "U1")
                try Identity.link(Self.phone, Self.desk, by: nil, now: now, db)
                try Identity.link(third, eve, by: nil, now: now, db)
                guard case .void = try link(Self.phone, eve, db) else {
                    Issue.record("two humans were merged")
                    return
                }
                #expect(try Identity.handles(of: Self.phone, db) == [Self.phone, Self.desk])
            }
        }
    }

    @Test func `a link that no owner made in a day is gone`() async throws {
        try await withStore { store, _ in
            try await store.write { db in
                _ = try link(eve, boss, db)
                try IdentityLinks.prune(now: now + .seconds(86_399), db)
                #expect(try PendingIdentityLink.fetchCount(db) == 1)
                try IdentityLinks.prune(now: now + .seconds(86_400), db)
                #expect(try PendingIdentityLink.fetchCount(db) == 0)
            }
        }
    }
}
