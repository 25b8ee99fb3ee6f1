import Approvals
import CentralStore
import ChannelKit
import Channels
import ControlProtocol
import Core
import GRDB
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
                try await host.eventually("the card is open") {
                    try await host.card(outcome.id)?.state == .open
                }
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

    @Test func `A card that its channel refuses goes to the next who may decide`() async throws {
        let shed = PaintShed()
        let refusing = FakeChannel(dm: TestHost.dm) { message throws(ChannelError) in
            if message.address.platformID == TestHost.dm { throw ChannelError(.rejected, "she has blocked us") }
            return SentMessage(platformMessageID: "x")
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: refusing) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                try await host.eventually("the owner of the machine is asked") {
                    try await host.runtime.cli.lastEntries(of: CLIChannel.mainChat, limit: 5).count == 1
                }
                let entry = try await host.runtime.cli.lastEntries(of: CLIChannel.mainChat, limit: 5)[0]
                #expect(entry.body.text.contains("**Paint the shed**"))
                #expect(try await host.audit(id) == ["asked", "asked"])
                try await host.eventually("the card is open") {
                    try await host.runtime.central.read { db in
                        try CardRow.filter(CardRow.CodingKeys.state == CardRow.State.open).fetchCount(db) == 1
                    }
                }
                _ = try await host.control("chat send", ["text": "1"])
                let result = try await host.end(of: id)
                #expect(result.status == .executed)
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
