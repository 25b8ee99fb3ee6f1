import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import People
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Chats that no agent hears and people whom nobody knows, beside a whole host.
@Suite(.timeLimit(.minutes(1))) struct AdmissionTests {
    static let boss = UserID(channel: "test", native: "boss")

    /// A host whose owner is reached in `dm-boss`, and nobody else.
    func withBoss(
        home: String? = nil,
        time: any TimeSource = SystemTime(),
        _ body: @escaping @Sendable (TestHost) async throws -> Void
    ) async throws {
        @Sendable func serve(_ home: String) async throws {
            try await withHost(home: home, channel: FakeChannel(dm: "dm-boss"), policy: .requestApproval, time: time) {
                host in
                try await host.runtime.central.write { db in
                    try db.execute(sql: "DELETE FROM user_roles WHERE user_id <> 'test:boss'")
                }
                try await body(host)
            }
        }
        if let home { return try await serve(home) }
        try await withTemporaryDirectory { home in try await serve(home) }
    }

    /// A direct message to the bot in a chat that nobody has wired.
    func direct(_ host: TestHost, _ text: String, from sender: String) -> InboundEvent {
        var event = host.event(text, from: sender, in: "dm-\(sender)")
        event.isMention = true
        return event
    }

    /// Returns once exactly these are asked about, by what their plans are for, and every card can be answered.
    func isAsked(_ host: TestHost, _ actions: [String]) async throws {
        try await host.eventually("\(actions) are asked about") {
            try await host.runtime.central.read { db in
                let asked = "SELECT action FROM approvals WHERE status = 'pending' ORDER BY action DESC"
                let waiting = """
                    SELECT (SELECT count(*) FROM pending_channel_approvals WHERE approval_id IS NULL)
                        + (SELECT count(*) FROM pending_sender_approvals WHERE approval_id IS NULL)
                    """
                return try String.fetchAll(db, sql: asked) == actions && Int.fetchOne(db, sql: waiting) == 0
            }
        }
    }

    /// The boss's answer to the newest card, by the beginning of an answer's value.
    func answer(_ host: TestHost, _ value: String, by user: String = "boss") async throws -> CardReceipt {
        let waiting =
            "SELECT id, content FROM cards WHERE purpose = 'approval' AND state = 'open' ORDER BY created_at DESC"
        try await host.eventually("a card waits") {
            try await host.runtime.central.read { db in try Row.fetchOne(db, sql: waiting) != nil }
        }
        let found = try await host.runtime.central.read { db -> (CardID, String)? in
            try Row.fetchOne(db, sql: waiting).map { ($0["id"], $0["content"]) }
        }
        let (card, content) = try #require(found)
        let options = try JSONText.decode(Card.self, content).options
        let option = try #require(options.first { $0.value.hasPrefix(value) })
        return try await host.runtime.answer(
            CardAnswer(
                card: card,
                value: option.value,
                address: ChatAddress(channel: "test", platformID: "dm-boss"),
                senderNativeID: user,
                dedupKey: MessageID.random().rawValue
            )
        )
    }

    @Test
    func `§16.71 §16.106 §16.107 somebody unknown is asked about once, and let in with the message that they wrote`()
        async throws
    {
        try await withBoss { host in
            for text in ["let me in", "please", "hello?"] {
                try await host.runtime.accept(host.event(text, from: "ann"))
            }
            try await isAsked(host, ["admit_sender"])
            #expect(host.spawner.runners.isEmpty)
            let sessions = try await host.runtime.central.read { try Session.fetchCount($0) }
            #expect(sessions == 0)
            #expect(try await answer(host, "admit") == .taken)
            try await host.eventually("the message is answered") {
                host.channel.sent.contains { $0.address == host.chat.address }
            }
            let member = try await host.runtime.central.read { try Member.fetchAll($0) }
            #expect(member.map(\.userID.description) == ["test:ann"] && member.map(\.addedBy) == [Self.boss])
            let answers = host.channel.sent.filter { $0.address == host.chat.address }
            #expect(answers.count == 1)
            try await host.eventually("it waits no more") {
                try await host.runtime.central.read { try PendingSender.fetchCount($0) } == 0
            }
        }
    }

    @Test(arguments: ["pending_sender_approvals", "pending_channel_approvals"])
    func `a message that cannot be kept is refused, and asked about when it comes again`(table: String) async throws {
        try await withBoss { host in
            let isOfChat = table == "pending_channel_approvals"
            let event = isOfChat ? self.direct(host, "let me in", from: "ann") : host.event("let me in", from: "ann")
            try await host.runtime.central.write { db in
                try db.execute(
                    sql: "CREATE TRIGGER full BEFORE INSERT ON \(table) BEGIN SELECT raise(ABORT, 'no room'); END"
                )
            }
            await #expect(throws: (any Error).self) { try await host.runtime.accept(event) }
            try await host.runtime.central.write { db in try db.execute(sql: "DROP TRIGGER full") }
            try await host.runtime.accept(event)
            try await self.isAsked(host, [isOfChat ? "register_channel" : "admit_sender"])
            // What was refused counts when it is kept.
            let drops = try await host.runtime.central.read { db in try DroppedMessage.fetchAll(db) }
            #expect(drops.map(\.messageCount) == [1])
        }
    }

    @Test func `a chat whose platform calls it by a very long name can be connected as well`() async throws {
        try await withBoss { host in
            var event = self.direct(host, "let me in", from: "ann")
            event.address = ChatAddress(channel: "test", platformID: String(repeating: "%3A", count: 300))
            try await host.runtime.accept(event)
            try await self.isAsked(host, ["register_channel"])
        }
    }

    @Test func `§16.107 who is rejected is a stranger still, and the next message asks again`() async throws {
        try await withBoss { host in
            try await host.runtime.accept(host.event("let me in", from: "ann"))
            #expect(try await answer(host, "reject") == .taken)
            try await host.eventually("it waits no more") {
                try await host.runtime.central.read { try PendingSender.fetchCount($0) } == 0
            }
            #expect(host.spawner.runners.isEmpty)
            #expect(try await host.runtime.central.read { try Member.fetchCount($0) } == 0)
            try await host.runtime.accept(host.event("let me in", from: "ann"))
            try await isAsked(host, ["admit_sender"])
        }
    }

    @Test func `§16.50 §16.94 §16.95 §16.101 a direct chat that no agent hears is asked about once, and connected`()
        async throws
    {
        try await withBoss { host in
            for text in ["hello bot", "are you there?"] {
                try await host.runtime.accept(direct(host, text, from: "ann"))
            }
            try await isAsked(host, ["register_channel"])
            #expect(host.spawner.runners.isEmpty)
            #expect(try await answer(host, "connect:") == .taken)
            try await host.eventually("the message is answered") {
                host.channel.sent.contains { $0.address.platformID == "dm-ann" }
            }
            let wiring = try await host.runtime.central.read { db in
                try Wiring.fetchOne(
                    db,
                    sql: """
                        SELECT wirings.* FROM wirings JOIN messaging_groups ON messaging_groups.id = messaging_group_id
                        WHERE platform_id = 'dm-ann'
                        """
                )
            }
            let made = try #require(wiring)
            #expect(made.engageModes == [.pattern] && made.engagePattern == "." && made.senderScope == .known)
            #expect(made.ignoredMessagePolicy == .accumulate && made.sessionMode == .shared && made.priority == 0)
            let answers = host.channel.sent.filter { $0.address.platformID == "dm-ann" }
            #expect(answers.count == 1)
        }
    }

    @Test func `§16.102 a group is wired with mentions`() async throws {
        try await withBoss { host in
            var event = direct(host, "@bot come here", from: "ann")
            event.isGroup = true
            try await host.runtime.accept(event)
            #expect(try await answer(host, "connect:") == .taken)
            try await host.eventually("it is wired") {
                try await host.runtime.central.read { db in
                    try Wiring.fetchAll(db).contains { $0.engageModes == [.mentionSticky] && $0.engagePattern == nil }
                }
            }
        }
    }

    @Test func `§16.99 a chat that is refused is silent from then on`() async throws {
        try await withBoss { host in
            try await host.runtime.accept(direct(host, "hello bot", from: "ann"))
            #expect(try await answer(host, "reject") == .taken)
            try await host.eventually("the chat is refused") {
                try await host.runtime.central.read { db in
                    try MessagingGroup.fetchAll(db).contains { $0.platformID == "dm-ann" && $0.deniedAt != nil }
                }
            }
            let drops = try await host.runtime.central.read { try DroppedMessage.fetchAll($0).map(\.messageCount) }
            try await host.runtime.accept(direct(host, "hello again", from: "ann"))
            try await isAsked(host, [])
            #expect(
                try await host.runtime.central.read { try DroppedMessage.fetchAll($0).map(\.messageCount) } == drops
            )
        }
    }

    @Test func `§16.98 an answer of somebody who may not give it changes nothing`() async throws {
        try await withBoss { host in
            try await host.runtime.accept(direct(host, "hello bot", from: "ann"))
            for user in ["ann", "eve"] {
                let receipt = try await answer(host, "connect:", by: user)
                #expect(receipt != .taken)
            }
            try await isAsked(host, ["register_channel"])
            #expect(host.spawner.runners.isEmpty)
        }
    }

    @Test func `§16.96 where nobody can be asked nothing waits, and the message is counted`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, policy: .requestApproval) { host in
                try await host.runtime.central.write { db in
                    try db.execute(sql: "DELETE FROM user_roles WHERE user_id <> 'test:boss'")
                }
                try await host.runtime.accept(direct(host, "hello bot", from: "ann"))
                try await host.runtime.accept(host.event("let me in", from: "ann"))
                try await host.eventually("nothing waits") {
                    try await host.runtime.central.read { db in
                        try PendingChat.fetchCount(db) + PendingSender.fetchCount(db) == 0
                    }
                }
                #expect(try await host.runtime.central.read { try DroppedMessage.fetchCount($0) } == 2)
            }
        }
    }

    @Test func `§16.103 §16.104 a new agent's name is awaited across a restart, and the message answered by it`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withBoss(home: home) { host in
                try await host.runtime.accept(direct(host, "hello bot", from: "ann"))
                #expect(try await answer(host, "new_agent") == .taken)
                try await host.eventually("the name is asked for") {
                    host.channel.texts.contains { $0.contains("to be called") }
                }
            }
            try await withBoss(home: home) { host in
                try await host.eventually("the question is known again") {
                    !host.runtime.admission.awaitsName.withLock { $0.isEmpty }
                }
                func say(_ text: String, from sender: String = "boss") async throws {
                    try await host.runtime.accept(host.event(text, from: sender, in: "dm-boss"))
                }
                try await say("Eve's agent", from: "eve")
                try await say("  ")
                // A command is one there too.
                try await say("/stop")
                #expect(!host.channel.texts.contains { $0.contains("begin with a slash") })
                try await say("Helper")
                try await host.eventually("the message is answered") {
                    host.channel.sent.contains { $0.address.platformID == "dm-ann" && $0.agentName == "Helper" }
                }
                let names = try await host.runtime.central.read { try AgentGroup.fetchAll($0).map(\.name).sorted() }
                #expect(names.contains("Helper") && !names.contains("Eve's agent"))
                #expect(try await host.runtime.central.read { try PendingName.fetchCount($0) } == 0)
            }
        }
    }

    @Test func `a message that was let in when the host died is handed over by the next, once`() async throws {
        try await withTemporaryDirectory { home in
            try await withBoss(home: home) { host in
                try await host.runtime.accept(host.event("let me in", from: "ann"))
                // The commit of the word, and nothing after it.
                let id = try await host.runtime.central.read { try PendingSender.fetchOne($0)?.id }
                _ = try await host.runtime.central.write { db in
                    try PendingSender.admit(try #require(id), by: Self.boss, now: host.runtime.time.now, db)
                }
            }
            for _ in 0..<2 {
                try await withBoss(home: home) { host in
                    try await host.eventually("it waits no more") {
                        try await host.runtime.central.read { try PendingSender.fetchCount($0) } == 0
                    }
                    let session = try await host.session()
                    let came = try await session.store.history(limit: 10).filter { !$0.isOutgoing }
                    #expect(came.count == 1)
                }
            }
        }
    }

    @Test func `§16.105 what nobody has decided in a day waits no more, and the next message asks again`() async throws
    {
        let clock = ManualTime()
        try await withBoss(time: clock) { host in
            try await host.runtime.accept(direct(host, "hello bot", from: "ann"))
            try await host.runtime.accept(host.event("let me in", from: "ben"))
            try await isAsked(host, ["register_channel", "admit_sender"])
            clock.advance(by: .seconds(24 * 3600 + 1))
            try await host.runtime.accept(direct(host, "hello again", from: "ann"))
            try await host.runtime.accept(host.event("let me in please", from: "ben"))
            let events = try await host.runtime.central.read { db in
                (try PendingChat.fetchAll(db).map(\.event), try PendingSender.fetchAll(db).map(\.event))
            }
            #expect(events.0.count == 1 && events.0[0].contains("hello again"))
            #expect(events.1.count == 1 && events.1[0].contains("let me in please"))
        }
    }

    @Test func `an owner is asked about a link that gives somebody more, and makes it or not`() async throws {
        for isLinked in [true, false] {
            try await withBoss { host in
                let eve = UserID(channel: "test", native: "eve")
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    try Member(userID: eve, agentGroupID: host.group.id, addedAt: now).add(db)
                    let ben = UserID(channel: "test", native: "ben")
                    try UserRole.grant(.admin, to: ben, in: host.group.id, now: now, db)
                }
                let made = try await host.runtime.pair(PairingOffer(.link), by: eve, isHomeOwner: false)
                try await host.runtime.accept(direct(host, made.code.text, from: "ben"))
                try await isAsked(host, ["link_handles"])
                func isAdmin() async throws -> Bool {
                    try await host.runtime.central.read { try Access.of(eve, $0).isAdmin(of: host.group.id) }
                }
                #expect(try await isAdmin() == false)
                #expect(try await answer(host, isLinked ? "link" : "reject") == .taken)
                try await host.eventually("it waits no more") {
                    try await host.runtime.central.read { try PendingIdentityLink.fetchCount($0) } == 0
                }
                #expect(try await isAdmin() == isLinked)
            }
        }
    }

    @Test func `T55 what strangers wait for holds up no request of the agent, and who is let in waits no more`()
        async throws
    {
        try await withBoss { host in
            let shed = PaintShed()
            host.runtime.approvals.register(shed)
            for number in 0..<(PendingSender.mostOfGroup + 2) {
                try await host.runtime.accept(host.event("hello", from: "user\(number)"))
            }
            let strangers = Array(repeating: AdmitSender.kind, count: PendingSender.mostOfGroup)
            try await isAsked(host, strangers)
            let session = try await host.runtime.sessions.session(
                SessionKey(agentGroup: host.group.id, place: TaskPlace(mode: .agentShared, chat: nil))
            )
            guard case .pending = try await host.ask("red", request: "m_1", in: session.id) else {
                Issue.record("nobody is asked")
                return
            }
            #expect(await host.runtime.status().refused.count == PendingSender.mostOfGroup + 2)
            let id = UserID(channel: "test", native: "user1")
            let now = host.runtime.time.now
            try await host.runtime.central.write { db in
                try Member(userID: id, agentGroupID: host.group.id, addedAt: now).add(db)
            }
            #expect(await host.runtime.status().refused.contains { $0.sender == id.description } == false)
        }
    }

    @Test func `only so many chats are asked about at once`() async throws {
        try await withBoss { host in
            for number in 0..<(PendingChat.most + 5) {
                try await host.runtime.accept(direct(host, "hello", from: "user\(number)"))
            }
            try await isAsked(host, Array(repeating: "register_channel", count: PendingChat.most))
        }
    }
}
