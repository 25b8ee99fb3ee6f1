import CentralStore
import Core
import GRDB
import People
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Pairing by a code` {
    func make(
        _ offer: PairingOffer,
        by maker: UserID = boss,
        isHomeOwner: Bool = false,
        at time: Timestamp = now,
        _ store: CentralStore
    ) async throws -> PairingCode {
        try await store.write { db in
            try Pairing.make(offer, by: maker, isHomeOwner: isHomeOwner, now: time, db)
        }.code
    }

    func redeem(
        _ code: PairingCode,
        _ from: Pairing.Sender,
        at time: Timestamp = now,
        _ store: CentralStore
    ) async throws -> Pairing.Redemption {
        try await store.write { db in try Pairing.redeem(code, from: from, now: time, db) }
    }

    @Test func `a code makes an owner, wires their direct chat, and is used up`() async throws {
        try await withStore { store, group in
            let offer = PairingOffer(.owner, wires: group.id)
            let code = try await make(offer, store)
            #expect(try await redeem(code, sender(ann), store) == .paired(offer, by: boss))
            try await store.read { db in
                let access = try Access.of(ann, db)
                #expect(access.isOwner)
                #expect(try UserRole.filter(sql: "user_id = ?", arguments: [ann]).fetchOne(db)?.grantedBy == boss)
                #expect(try UserDM.address(of: ann, db) == sender(ann).chat)
                #expect(try Wiring.fetchAll(db).map(\.engagePattern) == ["."])
                #expect(try Destination.fetchCount(db) == 1)
            }
            #expect(try await redeem(code, sender(eve), store) == .noneOpen)
            #expect(try await store.read { try Access.of(eve, $0) } == Access())
        }
    }

    @Test func `what a code gives was fixed when it was made, whoever sends it`() async throws {
        try await withStore { store, group in
            let code = try await make(PairingOffer(.member(group.id, channel: "telegram")), store)
            _ = try await redeem(code, sender(eve), store)
            let (access, members, wirings) = try await store.read { db in
                (try Access.of(eve, db), try Member.fetchAll(db), try Wiring.fetchCount(db))
            }
            #expect(access.memberOf == [group.id] && !access.isAdmin(of: group.id))
            #expect(members.map(\.channelType) == ["telegram"] && wirings == 0)
            let onPhone = try await make(PairingOffer(.member(group.id, channel: "telegram")), store)
            let desk = UserID(channel: "matrix", native: "@ann:example.org")
            #expect(try await redeem(onPhone, sender(desk), store) == .void("this code was for telegram"))
            #expect(try await store.read { try Access.of(desk, $0) } == Access())
        }
    }

    @Test func `T38 of 645 guesses five are compared, and then not even the right code is`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            var outcomes: [Pairing.Redemption] = []
            for number in 0..<645 {
                let time = now + .milliseconds(number * 1000 / 645)
                outcomes.append(try await redeem(wrong(code), sender(eve), at: time, store))
            }
            #expect(outcomes.prefix(5).allSatisfy { $0 == .wrong })
            #expect(outcomes.dropFirst(5).allSatisfy { $0 == .refused })
            #expect(try await redeem(code, sender(eve), at: now + .seconds(2), store) == .refused)
            #expect(try await store.read { try Access.of(eve, $0) } == Access())
            // Others are not held up by it.
            guard case .paired = try await redeem(code, sender(ann), at: now + .seconds(3), store) else {
                Issue.record("the right code of another sender was not taken")
                return
            }
        }
    }

    @Test func `T38 a right code of one's own gives no new tries`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            for _ in 0..<4 { #expect(try await redeem(wrong(code), sender(eve), store) == .wrong) }
            let own = try await make(PairingOffer(.link), by: ann, store)
            guard case .paired = try await redeem(own, sender(eve), store) else {
                Issue.record("the right code was not taken")
                return
            }
            #expect(try await redeem(code, sender(eve), store) == .refused)
        }
    }

    @Test func `a chat that others read is nobody's direct chat`() async throws {
        try await withStore { store, _ in
            let colleague = UserID(channel: "cli", native: "1001")
            let code = try await make(PairingOffer(.owner), store)
            guard case .paired = try await redeem(code, sender(colleague), store) else {
                Issue.record("the code was not taken")
                return
            }
            #expect(try await store.read { try UserDM.address(of: colleague, $0) } == nil)
        }
    }

    @Test func `a code expires after ten minutes, and with it the counted tries`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            #expect(try await redeem(wrong(code), sender(eve), store) == .wrong)
            #expect(try await redeem(code, sender(ann), at: now + .seconds(600), store) == .noneOpen)
            #expect(try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM pairing_tries") } == 0)
        }
    }

    @Test func `neither code nor anything it follows from is stored`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            let rows = try await store.read { db in
                try Row.fetchAll(db, sql: "SELECT *, hex(code_hash), CAST(code_hash AS TEXT) FROM pairing_codes").map {
                    "\($0)"
                }
            }
            #expect(rows.count == 1)
            let letters = String(decoding: code.letters, as: UTF8.self)
            #expect(!"\(rows)".contains(letters) && !"\(rows)".contains(code.text))
        }
    }

    @Test func `a code that others could read is void, and gone`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            guard case .void = try await redeem(code, sender(ann, isGroup: true), store) else {
                Issue.record("a code in a group was taken")
                return
            }
            #expect(try await redeem(code, sender(eve), store) == .noneOpen)
        }
    }

    @Test func `a code of two senders at once is one's`() async throws {
        try await withStore { store, _ in
            let code = try await make(PairingOffer(.owner), store)
            let outcomes = try await withThrowingTaskGroup(of: Pairing.Redemption.self) { tasks in
                for number in 0..<20 {
                    let user = UserID(channel: "telegram", native: "u\(number)")
                    tasks.addTask {
                        try await store.write { try Pairing.redeem(code, from: sender(user), now: now, $0) }
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .paired(PairingOffer(.owner), by: boss) } == 1)
            let owners = try await store.read { try UserRole.filter(sql: "role = 'owner'").fetchCount($0) }
            #expect(owners == 2)
        }
    }

    @Test func `nobody makes a code for more than they may give, nor keeps one alive past their rights`() async throws {
        try await withStore { store, group in
            let admin = UserID(channel: "telegram", native: "admin")
            let other = try await store.write { db in
                try UserRole.grant(.admin, to: admin, in: group.id, now: now, db)
                return try AgentGroup.create(name: "Other", now: now, db)
            }
            for offer in [
                PairingOffer(.owner), PairingOffer(.member(other.id, channel: nil)),
                PairingOffer(.member(group.id, channel: nil), wires: other.id),
            ] {
                await #expect(throws: PeopleError.self) { _ = try await make(offer, by: admin, store) }
            }
            await #expect(throws: PeopleError.self) {
                _ = try await make(PairingOffer(.member(group.id, channel: nil)), by: eve, store)
            }
            let code = try await make(PairingOffer(.member(group.id, channel: nil)), by: admin, store)
            try await store.write {
                try UserRole.revoke(.admin, from: admin, in: group.id, by: nil, now: Timestamp(milliseconds: 2), $0)
            }
            guard case .void = try await redeem(code, sender(ann), store) else {
                Issue.record("a code outlived its maker's role")
                return
            }
            #expect(try await store.read { try Member.fetchCount($0) } == 0)
            // Who owns the home needs no role.
            let own = try await make(PairingOffer(.owner), by: admin, isHomeOwner: true, store)
            guard case .paired = try await redeem(own, sender(ann), store) else {
                Issue.record("the home owner's code was not taken")
                return
            }
        }
    }

    @Test func `a new code for the same voids the one before, and only so many are open`() async throws {
        try await withStore { store, group in
            let first = try await make(PairingOffer(.owner), store)
            let second = try await make(PairingOffer(.owner), store)
            #expect(try await redeem(first, sender(eve), store) == .wrong)
            guard case .paired = try await redeem(second, sender(ann), store) else {
                Issue.record("the later code was not taken")
                return
            }
            for number in 0..<Pairing.mostCodes {
                _ = try await make(PairingOffer(.member(group.id, channel: "c\(number)")), store)
            }
            await #expect(throws: PeopleError.self) { _ = try await make(PairingOffer(.owner), store) }
            // It is no bound for anybody else.
            _ = try await make(PairingOffer(.link), by: ann, store)
            _ = try await make(PairingOffer(.owner), isHomeOwner: true, store)
        }
    }
}
