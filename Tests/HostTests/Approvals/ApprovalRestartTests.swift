import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Host

/// What one host leaves and the next takes up.
@Suite(.timeLimit(.minutes(1))) struct ApprovalRestartTests {
    @Test func `T47 §16.250 a pending approval survives a restart, with its card and its number`() async throws {
        let shed = PaintShed()
        let known = Mutex<(id: ApprovalID, session: SessionID)?>(nil)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let id = try await host.ask(in: session.id).id
                try await host.waitForAsked(1)
                try await host.eventually("the card is open") { try await host.card(id)?.state == .open }
                known.withLock { $0 = (id, session.id) }
            }
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let (id, sessionID) = try #require(known.withLock { $0 })
                let status = try await host.control("status")
                let line = status[key: "approvals"]?.array?.first
                #expect(line?[key: "id"] == .string(id.rawValue))
                // The same request joins the one of before.
                #expect(try await host.ask().id == id)
                try await host.runtime.accept(host.event("1", in: TestHost.dm))
                #expect(try await host.end(of: id).status == .executed)
                #expect(shed.begun == 1)
                let session = try await host.runtime.sessions.session(sessionID)
                try await host.eventually("the agent is told") { try await host.told(session).count == 1 }
                // Shown once, by the first host.
                #expect(host.asked.count { !$0.hasPrefix("✎") } == 0)
            }
        }
    }

    @Test func `T47 what was being carried out when the host ended is interrupted and not run again`() async throws {
        let known = Mutex<(id: ApprovalID, session: SessionID)?>(nil)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                let shed = PaintShed(work: hang)
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let id = try await host.ask(in: session.id).id
                #expect(try await host.press(id) == .taken)
                try await host.eventually("it has begun") { shed.begun == 1 }
                known.withLock { $0 = (id, session.id) }
            }
            for life in 2...3 {
                try await withHost(home: home, channel: TestHost.channel()) { host in
                    let shed = PaintShed()
                    host.runtime.approvals.register(shed)
                    let (id, sessionID) = try #require(known.withLock { $0 })
                    #expect(try await host.end(of: id).status == .interrupted, "life \(life)")
                    let session = try await host.runtime.sessions.session(sessionID)
                    try await host.eventually("the agent is told") { try await host.told(session).count == 1 }
                    #expect(try await host.told(session)[0].contains("not known"))
                    #expect(try await host.press(id) != .taken)
                    #expect(shed.begun == 0)
                    #expect(try await host.audit(id) == ["asked", "approved", "interrupted"])
                }
            }
        }
    }

    @Test(arguments: ["executing", "executed", "denied", "expired"])
    func `T47 an end that nobody was told of is told once by the next host`(_ status: String) async throws {
        let known = Mutex<(id: ApprovalID, session: SessionID)?>(nil)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(PaintShed())
                let session = try await host.madeSession()
                let id = try await host.ask(in: session.id).id
                try await host.waitForAsked(1)
                try await host.eventually("the card is open") { try await host.card(id)?.state == .open }
                known.withLock { $0 = (id, session.id) }
            }
            let id = try #require(known.withLock { $0 }).id
            try await betweenHosts(home) { db in
                try db.execute(sql: "UPDATE approvals SET status = ? WHERE id = ?", arguments: [status, id])
            }
            for _ in 2...3 {
                try await withHost(home: home, channel: TestHost.channel()) { host in
                    let shed = PaintShed()
                    host.runtime.approvals.register(shed)
                    let session = try await host.runtime.sessions.session(try #require(known.withLock { $0 }).session)
                    try await host.eventually("the agent is told") { try await host.told(session).count == 1 }
                    try await host.eventually("the card is closed") { try await host.card(id)?.state == .closed }
                    #expect(shed.begun == 0)
                }
            }
        }
    }

    @Test func `T47 what ran out while no host was there has expired`() async throws {
        let known = Mutex<ApprovalID?>(nil)
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                known.withLock { $0 = id }
            }
            let id = try #require(known.withLock { $0 })
            try await betweenHosts(home) { db in
                try db.execute(sql: "UPDATE approvals SET expires_at = 5 WHERE id = ?", arguments: [id])
            }
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let result = try await host.end(of: id)
                #expect(result.status == .expired)
                // The place is free for the same plan.
                let next = try await host.ask()
                #expect(next.id != id)
            }
        }
    }

    @Test func `A card that could not be sent is sent by the next host`() async throws {
        let isDown = FakeChannel(dm: TestHost.dm) { _ throws(ChannelError) in throw ChannelError(.notConnected, "down")
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: isDown) { host in
                host.runtime.approvals.register(PaintShed())
                let id = try await host.ask().id
                try await host.eventually("it was tried") { !host.asked.isEmpty }
                #expect(try await host.card(id)?.state == .unsent)
                // Nobody has seen it: a number is an ordinary message.
                try await host.runtime.accept(host.event("1", in: TestHost.dm))
                #expect(try await host.row(id)?.status == "pending")
            }
            try await withHost(home: home, channel: TestHost.channel()) { host in
                try await host.waitForAsked(1)
                #expect(host.asked[0].contains("Paint the shed"))
            }
        }
    }
}
