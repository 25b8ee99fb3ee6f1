import Approvals
import CentralStore
import ChannelKit
import ControlProtocol
import Core
import GRDB
import People
import TestSupport
import Testing

@testable import Host

/// What an owner does by hand while a card asks about it, and what they take their time for.
@Suite(.timeLimit(.minutes(1))) struct AdmissionByHandTests {
    private let cards = AdmissionTests()

    /// Wires the chat that waits to the host's agent.
    @discardableResult
    private func wire(_ host: TestHost) async throws -> MessagingGroupID {
        let chat = try #require(
            try await host.runtime.central.read { db in
                try MessagingGroupID.fetchOne(db, sql: "SELECT messaging_group_id FROM pending_channel_approvals")
            }
        )
        _ = try await host.control(
            "wirings create",
            ["group": .string(host.group.id.rawValue), "chat": .string(chat.rawValue), "pattern": "."]
        )
        return chat
    }

    @Test func `a new agent's name may come a day after the message, which waits as long`() async throws {
        let clock = ManualTime(now: SystemTime().now)
        try await cards.withBoss(time: clock) { host in
            try await host.runtime.accept(cards.direct(host, "hello bot", from: "ann"))
            try await cards.isAsked(host, ["register_channel"])
            clock.advance(by: .seconds(23 * 3_600))
            #expect(try await cards.answer(host, "new_agent") == .taken)
            try await host.eventually("the name is asked for") {
                host.channel.texts.contains { $0.contains("to be called") }
            }
            clock.advance(by: .seconds(20 * 3_600))
            try await host.runtime.accept(host.event("Helper", in: "dm-boss"))
            try await host.eventually("the message is answered") {
                host.channel.sent.contains { $0.address.platformID == "dm-ann" && $0.agentName == "Helper" }
            }
        }
    }

    @Test func `a chat that is wired by hand is asked about no more, and its message is handed over`() async throws {
        try await cards.withBoss { host in
            try await host.runtime.accept(cards.direct(host, "hello bot", from: "boss"))
            try await cards.isAsked(host, ["register_channel"])
            let chat = try await wire(host)
            try await host.eventually("the message is answered") {
                host.channel.texts.contains { $0.contains("hello bot") && $0.hasPrefix("echo") }
            }
            try await cards.isAsked(host, [])
            let denied = try await host.runtime.central.read { try MessagingGroup.fetchOne($0, key: chat)?.deniedAt }
            #expect(denied == nil)
        }
    }

    @Test func `a name is awaited no more once the chat is wired by hand`() async throws {
        try await cards.withBoss { host in
            try await host.runtime.accept(cards.direct(host, "hello bot", from: "ann"))
            #expect(try await cards.answer(host, "new_agent") == .taken)
            try await host.eventually("the name is asked for") {
                host.channel.texts.contains { $0.contains("to be called") }
            }
            try await wire(host)
            #expect(try await host.runtime.central.read { try PendingName.fetchCount($0) } == 0)
            try await host.runtime.accept(host.event("Helper", in: "dm-boss"))
            #expect(
                try await host.runtime.central.read { try AgentGroup.fetchAll($0).map(\.name) }.contains("Helper")
                    == false
            )
        }
    }

    @Test func `a link that is undone or made by hand is asked about no more`() async throws {
        for command in ["users link", "users unlink"] {
            try await cards.withBoss { host in
                _ = try await linkThatWaits(host)
                _ = try await host.control(
                    command,
                    command == "users link" ? ["user": "test:eve", "other": "test:ben"] : ["user": "test:eve"]
                )
                try await cards.isAsked(host, [])
            }
        }
    }

    @Test func `a link whose handles have changed since is not made, and the card says that it failed`() async throws {
        try await cards.withBoss { host in
            let id = try await linkThatWaits(host)
            let now = host.runtime.time.now
            try await host.runtime.central.write { db in
                let (ben, other) = (UserID(channel: "test", native: "ben"), UserID(channel: "test", native: "ben2"))
                try User.upsert(other, now: now, db)
                try Identity.link(ben, other, by: nil, now: now, db)
            }
            // The one answer that allows needs no name.
            _ = try await host.control("approvals approve", ["id": .string(id.rawValue)])
            #expect(try await host.end(of: id).status == .failed)
        }
    }

    @Test func `an answer that must be chosen is asked for with its option`() async throws {
        try await cards.withBoss { host in
            try await host.runtime.accept(cards.direct(host, "hello bot", from: "ann"))
            try await cards.isAsked(host, ["register_channel"])
            let row = try #require(try await host.runtime.central.read { try ApprovalRow.fetchOne($0) })
            #expect(row.title.contains("dm-ann"), "\(row.title)")
            let error = await #expect(throws: ControlError.self) {
                try await host.control("approvals approve", ["id": .string(row.id.rawValue)])
            }
            #expect(error?.message.contains("`--answer new_agent` (New agent)") == true, "\(error?.message ?? "")")
        }
    }

    /// Ben, who is an admin, has sent Eve's code.
    private func linkThatWaits(_ host: TestHost) async throws -> ApprovalID {
        let (eve, ben) = (UserID(channel: "test", native: "eve"), UserID(channel: "test", native: "ben"))
        let now = host.runtime.time.now
        try await host.runtime.central.write { db in
            try UserRole.grant(.admin, to: ben, in: host.group.id, now: now, db)
            try User.upsert(eve, now: now, db)
        }
        let made = try await host.runtime.pair(PairingOffer(.link), by: eve, isHomeOwner: false)
        try await host.runtime.accept(cards.direct(host, made.code.text, from: "ben"))
        try await cards.isAsked(host, ["link_handles"])
        return try #require(try await host.runtime.central.read { try ApprovalRow.fetchOne($0)?.id })
    }
}
