import Approvals
import CentralStore
import Channels
import ControlProtocol
import Core
import TestSupport
import Testing

@testable import Host

/// Approvals in the chat of this machine's own people.
@Suite(.timeLimit(.minutes(1))) struct ApprovalChatTests {
    @Test func `A request stands in the admin's chat as a numbered card, and 1 carries it out`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                host.runtime.approvals.register(shed)
                let outcome = try await host.runtime.approvals.request(
                    ApprovalRequest(
                        action: "paint_shed",
                        agentGroup: host.group.id,
                        payload: ["colour": "red"],
                        origin: ChatAddress(channel: CLIChannel.name, platformID: CLIChannel.mainChat)
                    )
                )
                let chat = CLIChannel.mainChat
                @Sendable func entries() async throws -> [CLIEntry] {
                    try await host.runtime.cli.lastEntries(of: chat, limit: 50)
                }
                try await host.eventually("the card is there") { try await !entries().isEmpty }
                let card = try await entries()[0]
                #expect(card.body.text.contains("**Paint the shed**"))
                #expect(card.body.text.contains("1. Allow once"))
                let sent = try await host.control("chat send", ["text": "1"]).decoded(as: ChatSent.self)
                #expect(sent.answersCard == true)
                #expect(sent.routes.isEmpty)
                #expect(try await host.end(of: outcome.id).status == .executed)
                #expect(shed.begun == 1)
                try await host.eventually("the card says who decided") {
                    try await entries().contains { entry in
                        entry.body.kind == .edit && entry.body.about == card.messageID
                            && entry.body.text.contains("Allow once: decided by `cli:")
                    }
                }
                // Nothing of it woke the agent.
                #expect(host.spawner.runners.isEmpty)
                let again = try await host.control("chat send", ["text": "hello"]).decoded(as: ChatSent.self)
                #expect(again.answersCard == false)
            }
        }
    }

    @Test func `Pending approvals are listed, shown whole with their history, and in the status`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                let rows = try await host.control("approvals list").array ?? []
                #expect(rows.map { $0[key: "id"] } == [.string(id.rawValue)])
                let shown = try await host.control("approvals show", ["id": .string(String(id.rawValue.prefix(9)))])
                #expect(shown[key: "plan"]?[key: "payload"]?[key: "colour"] == "red")
                #expect(shown[key: "history"]?.array?.map { $0[key: "event"] } == ["asked"])
                #expect(shown[key: "body"]?.string?.contains("sha256:") == true)
                #expect(await host.runtime.status().approvals?.map(\.title) == ["Paint the shed"])
                await #expect(throws: ControlError.self) {
                    try await host.control("approvals approve", ["id": .string(id.rawValue), "answer": "deny"])
                }
                await #expect(throws: ControlError.self) {
                    try await host.control("approvals approve", ["id": .string(id.rawValue), "days": 3])
                }
                let denied = try await host.control("approvals deny", ["id": .string(id.rawValue), "reason": "no"])
                #expect(denied[key: "status"] == "denied")
                #expect(denied[key: "note"] == "no")
                let error = await #expect(throws: ControlError.self) {
                    try await host.control("approvals approve", ["id": .string(id.rawValue)])
                }
                #expect(error?.code == .conflict)
                #expect(try await host.control("approvals list") == .array([]))
                #expect(try await host.control("approvals list", ["all": true]).array?.count == 1)
                #expect(shed.begun == 0)
            }
        }
    }
}
