import Approvals
import CentralStore
import ChannelKit
import ControlProtocol
import Core
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Whose word counts.
@Suite(.timeLimit(.minutes(1))) struct ApprovalRightsTests {
    private static func user(_ name: String) -> UserID { UserID(channel: "test", native: name) }

    @Test func `T46 §16.98 §16.243 a forged answer changes nothing, not even the card`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let other = try await host.runtime.createGroup(name: "Other", folder: nil, adoptFolder: false)
                try await host.runtime.central.write { db in
                    let now = Timestamp(milliseconds: 1)
                    let member = Member(userID: Self.user("member"), agentGroupID: host.group.id, addedAt: now)
                    try member.add(db)
                    try UserRole.grant(.admin, to: Self.user("elsewhere"), in: other, now: now, db)
                }
                let id = try await host.ask().id
                try await host.waitForAsked(1)
                for user in ["member", "elsewhere", "nobody"] {
                    #expect(try await host.press(id, by: user) == .refused("You may not answer this."), "\(user)")
                }
                // A program, though it goes by the owner's name.
                #expect(try await host.press(id, isBot: true) != .taken)
                // The right person in another chat, and a card that is none.
                #expect(try await host.press(id, in: "c1") != .taken)
                let unknown = CardAnswer(
                    card: .random(),
                    value: "once",
                    address: ChatAddress(channel: "test", platformID: TestHost.dm),
                    senderNativeID: "boss",
                    dedupKey: "x"
                )
                #expect(try await host.runtime.answer(unknown) != .taken)
                var nameless = unknown
                nameless.card = try #require(try await host.card(id)?.id)
                nameless.senderNativeID = nil
                #expect(try await host.runtime.answer(nameless) != .taken)
                #expect(try await host.press(id, "often") != .taken)
                // Another channel's person with the same id.
                var elsewhere = nameless
                elsewhere.senderNativeID = "boss"
                elsewhere.address.channel = "cli"
                #expect(try await host.runtime.answer(elsewhere) != .taken)

                #expect(try await host.row(id)?.status == "pending")
                #expect(try await host.card(id)?.state == .open)
                #expect(host.asked.count == 1)
                #expect(shed.begun == 0)
                #expect(try await host.press(id) == .taken)
                #expect(try await host.end(of: id).status == .executed)
            }
        }
    }

    @Test func `T46 a number of somebody who may not answer is an ordinary message, with the card's code too`()
        async throws
    {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                try await host.runtime.central.write { db in
                    let member = Member(
                        userID: Self.user("member"),
                        agentGroupID: host.group.id,
                        addedAt: Timestamp(milliseconds: 1)
                    )
                    try member.add(db)
                    // The owner's direct chat is the wired one here: everybody there sees the card.
                    try UserDM(
                        userID: Self.user("boss"),
                        channelType: "test",
                        messagingGroupID: host.chat.id,
                        resolvedAt: member.addedAt
                    ).insert(db)
                }
                let id = try await host.ask().id
                try await host.eventually("the card is open") { try await host.card(id)?.state == .open }
                let code = try #require(try await host.card(id)?.code)
                try await host.runtime.accept(host.event("1", from: "member"))
                try await host.eventually("the agent hears it") { host.channel.texts.contains("echo: 1") }
                try await host.runtime.accept(host.event("1 \(code)", from: "member"))
                try await host.eventually("the agent hears it") { host.channel.texts.contains("echo: 1 \(code)") }
                var bot = host.event("1 \(code)")
                bot.isBot = true
                try await host.runtime.accept(bot)
                #expect(try await host.row(id)?.status == "pending")
                #expect(try await host.card(id)?.state == .open)
                #expect(shed.begun == 0)
                try await host.runtime.accept(host.event("1 \(code.lowercased())"))
                #expect(try await host.end(of: id).status == .executed)
                #expect(!host.channel.texts.contains("echo: 1 \(code.lowercased())"))
            }
        }
    }

    @Test func `T46 a role that is taken away counts no more, and a higher word is not given by a lower role`()
        async throws
    {
        let shed = PaintShed(level: .owner)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(buttons: true)) { host in
                host.runtime.approvals.register(shed)
                let admin = Self.user("admin")
                try await host.runtime.central.write { db in
                    try UserRole.grant(.admin, to: admin, now: Timestamp(milliseconds: 1), db)
                    try UserRole.grant(.owner, to: Self.user("late"), now: Timestamp(milliseconds: 9), db)
                }
                let id = try await host.ask().id
                #expect(try await host.press(id, by: "admin") != .taken)
                try await host.runtime.central.write { db in
                    try UserRole.revoke(
                        .owner,
                        from: Self.user("late"),
                        in: nil,
                        by: nil,
                        now: Timestamp(milliseconds: 2),
                        db
                    )
                }
                #expect(try await host.press(id, by: "late") != .taken)
                #expect(try await host.press(id) == .taken)
                #expect(try await host.end(of: id).status == .executed)
            }
        }
    }

    @Test func `T46 a client of the control socket answers with its own roles only`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let commands = host.commands
                let other = try await host.runtime.createGroup(name: "Other", folder: nil, adoptFolder: false)
                let now = Timestamp(milliseconds: 1)
                try await host.runtime.central.write { db in
                    try UserRole.grant(.admin, to: UserID(channel: "cli", native: "7001"), in: other, now: now, db)
                    try UserRole.grant(
                        .admin,
                        to: UserID(channel: "cli", native: "7002"),
                        in: host.group.id,
                        now: now,
                        db
                    )
                }
                let id = try await host.ask().id
                @Sendable func ask(_ caller: String, _ command: String) async throws -> JSONValue {
                    try await commands.run(
                        ControlCall(
                            caller: try #require(UserID(caller)),
                            authority: .roles,
                            request: ControlRequest(id: "1", command: command, arguments: ["id": .string(id.rawValue)]),
                            emit: { _ in }
                        )
                    )
                }
                // What an agent says of itself from inside its sandbox, a stranger, the admin of another group.
                for caller in ["agent:\(host.group.id)", "cli:7000", "cli:7001"] {
                    await #expect(throws: (any Error).self, "\(caller)") { try await ask(caller, "approvals approve") }
                    await #expect(throws: (any Error).self, "\(caller)") { try await ask(caller, "approvals show") }
                }
                #expect(try await host.row(id)?.status == "pending")
                #expect(try await ask("cli:7002", "approvals show")[key: "status"] == "pending")
                _ = try await ask("cli:7002", "approvals deny")
                #expect(try await host.end(of: id).status == .denied)
                #expect(try await host.row(id)?.decidedBy == UserID("cli:7002"))
            }
        }
    }

    @Test func `T74 what the control socket changes, and what it refuses, is written down`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                let commands = host.commands
                @Sendable func ask(
                    _ caller: String,
                    _ authority: ControlAuthority,
                    _ command: String,
                    _ name: String
                ) async throws {
                    _ = try await commands.run(
                        ControlCall(
                            caller: try #require(UserID(caller)),
                            authority: authority,
                            request: ControlRequest(id: "1", command: command, arguments: ["name": .string(name)]),
                            emit: { _ in }
                        )
                    )
                }
                try await ask("cli:0", .homeOwner, "groups create", "Helper")
                await #expect(throws: ControlError.self) { try await ask("cli:7000", .roles, "groups create", "Mine") }
                let entries = try await host.runtime.central.read { db in
                    try AuditEntry.filter(sql: "event LIKE 'command%'").order(sql: "position").fetchAll(db)
                }
                #expect(entries.map(\.event) == ["command", "command-refused"])
                #expect(entries.map { $0.userID?.description } == ["cli:0", "cli:7000"])
                #expect(entries.map(\.detail) == ["groups create name=Helper", "groups create name=Mine"])
                #expect(try await AuditVerification.run(home: home).fault == nil)
            }
        }
    }

    @Test func `an approver is reached by any handle of theirs, on the origin's channel first`() async throws {
        let channel = FakeChannel(dms: { $0.native == "gone" ? nil : "dm-\($0.native)" })
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel) { host in
                host.runtime.approvals.register(PaintShed())
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    let (role, linked) = (
                        UserID(channel: "far", native: "ann"), UserID(channel: "test", native: "ann2")
                    )
                    try UserRole.grant(.admin, to: role, in: host.group.id, now: now, db)
                    try User.upsert(linked, now: now, db)
                    try Identity.link(role, linked, by: nil, now: now, db)
                }
                let id = try await host.ask().id
                try await host.eventually("the card is there") { try await host.card(id) != nil }
                #expect(try await host.card(id)?.address.platformID == "dm-ann2")
                let mine = try await host.commands.run(
                    ControlCall(
                        caller: UserID(channel: "test", native: "ann2"),
                        authority: .roles,
                        request: ControlRequest(id: "1", command: "approvals list", arguments: [:]),
                        emit: { _ in }
                    )
                )
                #expect(mine.array?.count == 1)
            }
        }
    }

    @Test func `§16.240 group admins are asked before global admins and owners, those of the origin's channel first`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                let now = Timestamp(milliseconds: 5)
                try await host.runtime.central.write { db in
                    try UserRole.grant(.admin, to: Self.user("global"), now: now, db)
                    try UserRole.grant(
                        .admin,
                        to: UserID(channel: "far", native: "near"),
                        in: host.group.id,
                        now: now,
                        db
                    )
                    try UserRole.grant(.admin, to: Self.user("second"), in: host.group.id, now: now + .seconds(1), db)
                    // Twice in the order is once in the list.
                    try UserRole.grant(.admin, to: Self.user("boss"), in: host.group.id, now: now + .seconds(2), db)
                }
                let (mine, none, owners) = try await host.runtime.central.read { db in
                    (
                        try ApproverDirectory.approvers(.groupAdmin, group: host.group.id, db),
                        try ApproverDirectory.approvers(.groupAdmin, group: nil, db),
                        try ApproverDirectory.approvers(.owner, group: host.group.id, db)
                    )
                }
                #expect(mine.prefix(4).map(\.description) == ["far:near", "test:second", "test:boss", "test:global"])
                #expect(Set(mine).count == mine.count)
                #expect(none.first?.description == "test:global")
                #expect(owners.allSatisfy { $0.description != "test:global" && $0.description != "test:second" })
                let directory = host.runtime.approvals.directory
                let near = try await directory.reach(.groupAdmin, group: host.group.id, origin: "test")
                #expect(near?.user == Self.user("second"))
                // Nobody of channel "far" can be reached on this host: the next is asked.
                let far = try await directory.reach(.groupAdmin, group: host.group.id, origin: "far")
                #expect(far?.user == Self.user("second"))
            }
        }
    }

    @Test func `§16.242 the direct chat is opened once and remembered`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                let directory = host.runtime.approvals.directory
                let chat = ChatAddress(channel: "test", platformID: TestHost.dm)
                #expect(await directory.directMessages.address(of: Self.user("boss")) == chat)
                let known = try await host.runtime.central.read { db in
                    try String.fetchAll(
                        db,
                        sql: """
                            SELECT platform_id || ' ' || unknown_sender_policy || ' ' || is_group FROM user_dms
                            JOIN messaging_groups ON messaging_groups.id = messaging_group_id WHERE user_id = 'test:boss'
                            """
                    )
                }
                #expect(known == ["\(TestHost.dm) strict 0"])
                // From now on the table counts, not the adapter.
                try await host.runtime.central.write { db in
                    try db.execute(sql: "UPDATE user_dms SET messaging_group_id = ?", arguments: [host.chat.id])
                }
                #expect(await directory.directMessages.address(of: Self.user("boss")) == host.chat.address)
                #expect(await directory.directMessages.address(of: UserID(channel: "far", native: "x")) == nil)
            }
        }
    }

    @Test func `§16.241 with nobody to ask there is an error and no row`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: FakeChannel()) { host in
                host.runtime.approvals.register(shed)
                try await host.runtime.central.write { db in
                    try db.execute(sql: "DELETE FROM user_roles WHERE user_id LIKE 'cli:%'")
                }
                let error = await #expect(throws: ApprovalError.self) { try await host.ask() }
                #expect(error?.code == .noApprover)
                let count = try await host.runtime.central.read { db in try ApprovalRow.fetchCount(db) }
                #expect(count == 0)
            }
        }
    }
}
