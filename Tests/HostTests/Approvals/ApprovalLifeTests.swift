import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Host

/// A made-up action from its card to its end.
@Suite(.timeLimit(.minutes(1))) struct ApprovalLifeTests {
    @Test func `T45 T47 §16.219 §16.244 a made-up action is shown, answered by its number and carried out once`()
        async throws
    {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let outcome = try await host.ask(in: session.id)
                guard case .pending(let id, true, let end) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                #expect(end > host.runtime.time.now + .seconds(86_000))
                try await host.waitForAsked(1)
                let card = host.asked[0]
                let row = try #require(try await host.row(id))
                for part in [
                    "**Paint the shed**", "`red`", #""coats": 2"#, "sha256:\(row.planHash)", "1. Allow once", "3. Deny",
                    "Open until \(end).",
                ] { #expect(card.contains(part), "\(part) in \(card)") }
                #expect(shed.begun == 0)

                try await host.runtime.accept(host.event("1", in: TestHost.dm))
                let result = try await host.end(of: id)
                #expect(result.status == .executed)
                #expect(result.text == "the shed is red")
                #expect(shed.done.map(\.plan.hash.description) == [row.planHash])
                #expect(shed.done.first?.approver == UserID(channel: "test", native: "boss"))
                #expect(try await host.audit(id) == ["asked", "approved", "executed"])
                try await host.eventually("the agent is told") { try await host.told(session).count == 1 }
                #expect(try await host.told(session)[0].contains("the shed is red"))
                try await host.eventually("the card says who decided") {
                    host.asked.last?.contains("Allow once: decided by `boss`. Done.") == true
                }
                #expect(host.asked.last?.hasPrefix("✎") == true)
                // A number is an ordinary message again.
                try await host.runtime.accept(host.event("1"))
                try await host.eventually("the agent hears it") { host.channel.texts.contains("echo: 1") }
                #expect(shed.begun == 1)
            }
        }
    }

    @Test func `T47 a hundred answers at once, half by buttons and half by the socket, execute once`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<100 {
                        group.addTask {
                            if number.isMultiple(of: 2) { return try await host.press(id) == .taken }
                            do {
                                _ = try await host.control("approvals approve", ["id": .string(id.rawValue)])
                                return true
                            } catch {
                                return false
                            }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(taken == 1)
                #expect(try await host.end(of: id).status == .executed)
                #expect(shed.begun == 1)
                #expect(try await host.audit(id).count { $0 == "approved" } == 1)
                #expect(try await host.press(id) != .taken)
                #expect(shed.begun == 1)
            }
        }
    }

    @Test func `T47 §16.105 nobody's answer in time is recorded as expired, and told once`() async throws {
        let shed = PaintShed()
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(), time: clock) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let id = try await host.ask(in: session.id, lifetime: .seconds(60)).id
                try await host.waitForAsked(1)
                let end = try #require(try await host.row(id)?.expiresAt)
                #expect(end == clock.now + .seconds(60))
                try await host.turn(clock, by: .seconds(1), until: "it has expired") {
                    try await host.row(id)?.status == "expired"
                }
                let row = try #require(try await host.row(id))
                #expect(row.decidedBy == nil)
                #expect(row.choice == nil)
                #expect(try await host.audit(id) == ["asked", "expired"])
                try await host.turn(clock, until: "the agent is told") { try await host.told(session).count == 1 }
                #expect(try await host.told(session)[0].contains("expired"))
                #expect(try await !host.told(session)[0].contains("denied"))
                try await host.turn(clock, until: "the card says so") {
                    host.asked.contains { $0.contains("Expired: nobody answered in time.") }
                }
                // Too late is discarded, and wakes nobody.
                let before = host.channel.sent.count
                #expect(try await host.press(id) != .taken)
                try await host.runtime.accept(host.event("1", in: TestHost.dm))
                try await host.turn(clock, until: "who answers late is told") {
                    host.asked.contains { $0.contains("came too late") }
                }
                #expect(host.channel.sent[before...].allSatisfy { $0.address.platformID == TestHost.dm })
                #expect(shed.begun == 0)
                for _ in 0..<100 { clock.advance(by: .seconds(30)) }
                #expect(try await host.told(session).count == 1)
            }
        }
    }

    @Test func `§16.245 a denial with its reason reaches the agent`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let session = try await host.madeSession()
                let id = try await host.ask(request: "m_ask", in: session.id).id
                try await host.waitForAsked(1)
                try await host.runtime.accept(host.event("3: the neighbours\nwould mind", in: TestHost.dm))
                #expect(try await host.end(of: id).status == .denied)
                try await host.eventually("the agent is told") { try await host.told(session).count == 1 }
                let told = try JSONText.decode(SystemContent.self, try await host.told(session)[0])
                #expect(told.status == "error")
                #expect(told.about == MessageID(unchecked: "m_ask"))
                #expect(told.text == "paint_shed was denied. The reason given: the neighbours\nwould mind")
                #expect(shed.begun == 0)
            }
        }
    }

    @Test func `§16.246 an action that throws or is gone is told with its reason`() async throws {
        let shed = PaintShed { throw HostError(.conflict, "the brush is gone") }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                await #expect(throws: ApprovalError.self) { try await host.ask() }
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                #expect(try await host.press(id) == .taken)
                let result = try await host.end(of: id)
                #expect(result.status == .failed)
                #expect(result.text.contains("the brush is gone"))
                try await host.eventually("the card says so") {
                    host.asked.contains { $0.contains("It failed: `the brush is gone`") }
                }
                await #expect(throws: HostError.self) { try await host.ask("black") }
            }
        }
    }

    @Test func `T45 a plan that is not the one that was shown does not run`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                for (number, change) in [
                    "plan = replace(plan, 'colour-0', 'colour-x')",
                    "plan = replace(plan, '\"coats\":2', '\"coats\": 2')",
                    "plan_hash = replace(hex(zeroblob(32)), '00', 'ab')",
                    "body = replace(body, 'sha256:', 'sha256:0')",
                    "agent_group_id = NULL",
                ].enumerated() {
                    let id = try await host.ask("colour-\(number)").id
                    try await host.runtime.central.write { db in
                        try db.execute(sql: "UPDATE approvals SET \(change) WHERE id = ?", arguments: [id])
                        #expect(db.changesCount == 1)
                    }
                    #expect(try await host.press(id) == .taken)
                    #expect(try await host.end(of: id).status == .failed, "\(change)")
                }
                #expect(shed.begun == 0)
            }
        }
    }
}
