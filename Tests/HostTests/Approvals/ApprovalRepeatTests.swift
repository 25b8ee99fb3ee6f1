import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import TestSupport
import Testing

@testable import Host

/// The same asked or answered again, and words given once for many times.
@Suite(.timeLimit(.minutes(1))) struct ApprovalRepeatTests {
    @Test func `T48 the same request joins the one that waits: one card, and each asker is told`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let outcomes = try await withThrowingTaskGroup(of: ApprovalOutcome.self) { group in
                    for number in 0..<10 {
                        group.addTask { try await host.ask(request: "m_\(number)", in: session.id) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(Set(outcomes.map(\.id)).count == 1)
                let isNew = outcomes.count { outcome in
                    if case .pending(_, true, _) = outcome { return true }
                    return false
                }
                #expect(isNew == 1)
                let other = try await host.ask("blue")
                #expect(other.id != outcomes[0].id)
                try await host.waitForAsked(2)
                #expect(host.asked.count == 2)
                #expect(try await host.press(outcomes[0].id) == .taken)
                #expect(try await host.end(of: outcomes[0].id).status == .executed)
                try await host.eventually("all ten are told") { try await host.told(session).count == 10 }
                #expect(shed.begun == 1)
                // Decided is decided: the same again is asked again.
                #expect(try await host.ask().id != outcomes[0].id)
            }
        }
    }

    @Test func `T48 after three denials the action is blocked for that turn, and for no other`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let turn = TurnID.random()
                for colour in ["red", "blue", "green"] {
                    let id = try await host.ask(colour, turn: turn, in: session.id).id
                    #expect(try await host.press(id, "deny") == .taken)
                    try await host.end(of: id)
                }
                let error = await #expect(throws: ApprovalError.self) {
                    try await host.ask("white", turn: turn, in: session.id)
                }
                #expect(error?.code == .notPending)
                #expect(error?.message.contains("3 times in a turn") == true)
                #expect(host.asked.count == 3 || host.asked.count { !$0.hasPrefix("✎") } == 3)
                _ = try await host.ask("white", turn: .random(), in: session.id)
                // A sandbox names its turns itself: a session that is told no again and again is blocked too.
                for number in 4...DenialLimit.countPerHour {
                    let id = try await host.ask("colour-\(number)", turn: .random(), in: session.id).id
                    #expect(try await host.press(id, "deny") == .taken)
                }
                await #expect(throws: ApprovalError.self) {
                    try await host.ask("grey", turn: .random(), in: session.id)
                }
            }
        }
    }

    @Test func `Of one agent only so many requests wait at once`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(PaintShed())
                let session = try await host.madeSession().id
                for number in 0..<PendingLimit.count { _ = try await host.ask("colour-\(number)", in: session) }
                let error = await #expect(throws: ApprovalError.self) { try await host.ask("one more", in: session) }
                #expect(error?.code == .tooMany)
                // What waits already is joined all the same.
                _ = try await host.ask("colour-0", in: session)
            }
        }
    }

    @Test func `T47 a platform's event that comes again answers no other card`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let first = try await host.ask("red").id
                try await host.waitForAsked(1)
                let answer = host.event("1", in: TestHost.dm)
                try await host.runtime.accept(answer)
                try await host.end(of: first)
                let second = try await host.ask("blue").id
                try await host.eventually("the second card is open") { try await host.card(second)?.state == .open }
                for _ in 0..<5 { try await host.runtime.accept(answer) }
                #expect(try await host.row(second)?.status == "pending")
                #expect(try await host.press(second, key: answer.dedupKey) == .taken)
                #expect(try await host.row(second)?.status == "pending")
                #expect(shed.done.count == 1)
            }
        }
    }

    @Test func `Of several open cards a number names one only with its code, and never one that nobody saw`()
        async throws
    {
        let shed = PaintShed()
        let clock = ManualTime(now: SystemTime().now)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(), time: clock) { host in
                host.runtime.approvals.register(shed)
                @Sendable func say(_ text: String, at time: Timestamp) async throws {
                    var event = host.event(text, in: TestHost.dm)
                    event.sentAt = time
                    try await host.runtime.accept(event)
                }
                let first = try await host.ask("red").id
                try await host.waitForAsked(1)
                // Written before the card came: it answers something else.
                try await say("1", at: clock.now - .seconds(1))
                #expect(try await host.row(first)?.status == "pending")
                clock.advance(by: .seconds(3_600))
                let second = try await host.ask("blue").id
                try await host.waitForAsked(2)
                clock.advance(by: .seconds(3_600))
                try await say("1", at: clock.now)
                try await host.eventually("the owner is asked which") {
                    host.asked.last?.hasPrefix("Several cards are open: answer 1 ") == true
                }
                #expect(shed.begun == 0)
                let code = try #require(try await host.card(first)?.code)
                try await say("1 \(code)", at: clock.now)
                try await host.end(of: first)
                #expect(shed.done.map { $0.plan.payload[key: "colour"] } == ["red"])
                // One alone needs no code.
                try await say("3", at: clock.now)
                let result = try await host.end(of: second)
                #expect(result.status == .denied)
            }
        }
    }

    @Test func `T49 a grant counts only while whoever gave it could still give their word`() async throws {
        let shed = PaintShed()
        let admin = UserID(channel: "test", native: "admin")
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                try await host.runtime.central.write { db in
                    try UserRole.grant(.admin, to: admin, in: host.group.id, now: Timestamp(milliseconds: 1), db)
                }
                let id = try await host.ask().id
                #expect(try await host.press(id, "always", by: "admin") == .taken)
                try await host.end(of: id)
                let bypass = try await host.runtime.approvals.bypass(
                    host.group.id,
                    for: .seconds(60),
                    by: .user(admin)
                )
                #expect(!bypass.isHomeOwner)
                guard case .granted = try await host.ask(), case .granted = try await host.ask("blue") else {
                    Issue.record("both stand")
                    return
                }
                try await host.runtime.central.write { db in
                    try UserRole.revoke(
                        .admin,
                        from: admin,
                        in: host.group.id,
                        by: nil,
                        now: Timestamp(milliseconds: 2),
                        db
                    )
                }
                guard case .pending = try await host.ask(), case .pending = try await host.ask("blue") else {
                    Issue.record("neither stands")
                    return
                }
            }
        }
    }

    @Test func `T49 a request under a grant that is looked at again is carried out once`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let first = try await host.ask().id
                #expect(try await host.press(first, "always") == .taken)
                try await host.end(of: first)
                guard case .granted(let id, _) = try await host.ask(request: "m_again", in: session.id) else {
                    Issue.record("it was granted")
                    return
                }
                try await host.end(of: id)
                #expect(try await host.ask(request: "m_again", in: session.id).id == id)
                #expect(shed.begun == 2)
            }
        }
    }

    @Test func `T27 what a stopped conversation has asked people for is taken back, and a late answer wakes nobody`()
        async throws
    {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let own = try await host.ask("red", request: "m_1", in: session.id).id
                let joined = try await host.ask("blue", request: "m_2", in: session.id).id
                #expect(try await host.ask("blue").id == joined)
                let other = try await host.runtime.sessions.session(
                    SessionKey(agentGroup: host.group.id, place: TaskPlace(mode: .agentShared, chat: nil))
                )
                #expect(try await host.ask("blue", request: "m_3", in: other.id).id == joined)
                try await host.waitForAsked(2)
                #expect(try await host.runtime.stop(session: session.id, by: nil))
                #expect(try await host.row(own)?.status == "cancelled")
                #expect(try await host.press(own) != .taken)
                // What somebody else waits for too goes on, and is told to them alone.
                #expect(try await host.press(joined) == .taken)
                #expect(try await host.end(of: joined).status == .executed)
                try await host.eventually("the other one is told") { try await host.told(other).count == 1 }
                #expect(try await host.told(session).isEmpty)
                #expect(shed.done.count == 1)
                // What two asked for is nobody's once both were stopped.
                let shared = try await host.ask("green", request: "m_4", in: session.id).id
                #expect(try await host.ask("green", request: "m_5", in: other.id).id == shared)
                #expect(try await host.runtime.stop(session: session.id, by: nil))
                #expect(try await host.row(shared)?.status == "pending")
                #expect(try await host.runtime.stop(session: other.id, by: nil))
                #expect(try await host.row(shared)?.status == "cancelled")
                // There is nothing left to stop.
                try await host.rest()
                #expect(try await host.runtime.stop(session: session.id, by: nil) == false)
            }
        }
    }

    @Test func `a conversation that is reset or closed waits for nobody's word any more`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                for (request, end) in [("m_1", host.runtime.reset), ("m_2", host.runtime.close)] {
                    let id = try await host.ask(request, request: request, in: session.id).id
                    try await host.eventually("the card is there") { try await host.card(id)?.state == .open }
                    try await end(session.id)
                    #expect(try await host.row(id)?.status == "cancelled")
                    #expect(try await host.press(id) != .taken)
                }
                #expect(shed.begun == 0)
            }
        }
    }

    // MARK: - Grants

    @Test func `T49 always is a grant for exactly this, listed, in the audit, and gone when it is revoked or over`()
        async throws
    {
        let shed = PaintShed()
        let clock = ManualTime(now: SystemTime().now)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true), time: clock) { host in
                host.runtime.approvals.register(shed)
                let first = try await host.ask("red").id
                #expect(try await host.press(first, "always") == .taken)
                try await host.end(of: first)
                let grants = try await host.control("approvals grants list").array ?? []
                let grant = try #require(grants.first)
                #expect(grants.count == 1)
                #expect(grant[key: "scope"] == #"{"colour":"red"}"#)
                #expect(grant[key: "action"] == "paint_shed")
                #expect(grant[key: "agent_group"] == "main")
                let end = try #require(grant[key: "expires_at"]?.integer)
                let start = try #require(grant[key: "created_at"]?.integer)
                #expect(end - start == 30 * 86_400_000)

                let second = try await host.ask("red")
                guard case .granted(let id, let by) = second else {
                    Issue.record("\(second)")
                    return
                }
                #expect(grant[key: "id"] == .string(by.rawValue))
                #expect(try await host.end(of: id).status == .executed)
                #expect(try await host.audit(id) == ["granted", "executed"])
                #expect(shed.done.count == 2)
                #expect(shed.done[1].approver == UserID(channel: "test", native: "boss"))
                // Another colour is another scope.
                guard case .pending = try await host.ask("blue") else {
                    Issue.record("blue was not granted")
                    return
                }
                _ = try await host.control("approvals grants revoke", ["id": .string(by.rawValue)])
                guard case .pending(let third, true, _) = try await host.ask("red") else {
                    Issue.record("the grant was revoked")
                    return
                }
                #expect(try await host.control("approvals grants list") == .array([]))
                let all = try await host.control("approvals grants list", ["all": true]).array ?? []
                #expect(all.first?[key: "uses"] == 1)
                #expect(all.first?[key: "revoked_at"] != nil)

                let answer: [String: JSONValue] = ["id": .string(third.rawValue), "answer": "always", "days": 1]
                _ = try await host.control("approvals approve", answer)
                try await host.end(of: third)
                clock.advance(by: .seconds(86_400 - 5))
                guard case .granted = try await host.ask("red") else {
                    Issue.record("the grant lasts a day")
                    return
                }
                clock.advance(by: .seconds(10))
                guard case .pending = try await host.ask("red") else {
                    Issue.record("the grant lasts no longer")
                    return
                }
                let events = try await host.runtime.central.read { db in
                    try String.fetchAll(
                        db,
                        sql: "SELECT event FROM audit WHERE grant_id = ? ORDER BY position",
                        arguments: [by]
                    )
                }
                #expect(events == ["grant", "approved", "granted", "revoked"])
            }
        }
    }

    @Test func `T49 a bypass lets pass what an admin could allow, at most 8 hours, and stays in the audit`()
        async throws
    {
        let shed = PaintShed()
        let clock = ManualTime(now: SystemTime().now)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(), time: clock) { host in
                host.runtime.approvals.register(shed)
                await #expect(throws: (any Error).self) {
                    try await host.control("approvals grants bypass", ["minutes": 481, "group": "main"])
                }
                await #expect(throws: ApprovalError.self) {
                    try await host.runtime.approvals.bypass(
                        host.group.id,
                        for: .seconds(60),
                        by: .user(UserID(channel: "test", native: "member"))
                    )
                }
                let bypass = try await host.control("approvals grants bypass", ["minutes": 480, "group": "main"])
                #expect(bypass[key: "kind"] == "bypass")
                for colour in ["red", "blue"] {
                    guard case .granted(let id, _) = try await host.ask(colour) else {
                        Issue.record("\(colour) is asked for")
                        return
                    }
                    #expect(try await host.end(of: id).status == .executed)
                }
                clock.advance(by: .seconds(8 * 3600))
                guard case .pending = try await host.ask("red") else {
                    Issue.record("the bypass lasts 8 hours")
                    return
                }
                await #expect(throws: DatabaseError.self, "the audit keeps everything") {
                    try await host.runtime.central.write { db in try db.execute(sql: "DELETE FROM audit") }
                }
                await #expect(throws: DatabaseError.self) {
                    try await host.runtime.central.write { db in
                        try db.execute(sql: "UPDATE audit SET event = 'nothing'")
                    }
                }
                await #expect(throws: DatabaseError.self, "no row holds more than 8 hours") {
                    try await host.runtime.central.write { db in
                        try db.execute(
                            sql: "UPDATE approval_grants SET expires_at = expires_at + 1 WHERE kind = 'bypass'"
                        )
                    }
                }
            }
        }
    }
}
