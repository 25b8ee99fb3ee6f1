import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// Requests of turns and agents that are over, and what they are counted by.
@Suite(.timeLimit(.minutes(1))) struct ApprovalWithdrawTests {
    @Test func `T27 T48 a request that nobody wants any more joins none and runs under no grant`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                func stale(_ colour: String) -> ApprovalRequest {
                    ApprovalRequest(
                        action: shed.kind,
                        agentGroup: host.group.id,
                        payload: ["colour": .string(colour), "coats": 2],
                        origin: host.chat.address,
                        isWanted: { false }
                    )
                }
                let granted = try await host.ask("red").id
                #expect(try await host.press(granted, "always") == .taken)
                try await host.end(of: granted)
                _ = try await host.ask("blue")
                for colour in ["red", "blue"] {
                    let error = await #expect(throws: ApprovalError.self) {
                        try await host.runtime.approvals.request(stale(colour))
                    }
                    #expect(error?.code == .unwanted)
                }
                #expect(shed.done.count == 1)
            }
        }
    }

    @Test func `T48 what an agent asks for by a row is counted by the row's turn`() async throws {
        let shed = PaintShed()
        let paint = PaintAction(shed)
        try await withTemporaryDirectory { home in
            let channel = TestHost.channel(buttons: true)
            try await withHost(home: home, channel: channel, actions: { _ in [paint] }, PaintAction.runner) { host in
                paint.use(host)
                let handle = try await host.madeSession()
                try await host.waitForAsked(1)
                let turn = try await host.runtime.central.read {
                    try TurnID.fetchOne($0, sql: "SELECT turn FROM approval_askers")
                }
                let request = try #require(paint.seen)
                #expect(turn == request.turn)
                try await host.eventually("the row is recorded") {
                    try await handle.store.history(limit: 10).contains { $0.id == request.id }
                }
            }
        }
    }

    @Test func `what a grant covers runs although the agent was denied too often`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let (session, turn) = (try await host.madeSession().id, TurnID.random())
                let granted = try await host.ask("red", turn: turn, in: session).id
                #expect(try await host.press(granted, "always") == .taken)
                try await host.end(of: granted)
                for number in 0..<DenialLimit.count {
                    let id = try await host.ask("colour-\(number)", turn: turn, in: session).id
                    #expect(try await host.press(id, "deny") == .taken)
                }
                await #expect(throws: ApprovalError.self) { try await host.ask("grey", turn: turn, in: session) }
                guard case .granted = try await host.ask("red", turn: turn, in: session) else {
                    Issue.record("the grant is not seen")
                    return
                }
            }
        }
    }

    @Test func `what is asked about an agent is taken back with the agent`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask("red").id
                try await host.waitForAsked(1)
                _ = try await host.control("groups delete", ["group": .string(host.group.id.rawValue)])
                try await host.eventually("the card says so") {
                    try await host.runtime.central.read { try CardRow.fetchAll($0).map(\.state) } == [.closed]
                }
                #expect(try await host.audit(id).last == "cancelled")
                // The audit says what it was about, though the row is gone.
                let asked = try await host.runtime.central.read { db in
                    try AuditEntry.filter(AuditEntry.CodingKeys.event == "asked").fetchOne(db)
                }
                #expect(asked?.agentGroupID == host.group.id && asked?.detail.hasPrefix("paint_shed sha256:") == true)
                #expect(shed.begun == 0)
            }
        }
    }
}
