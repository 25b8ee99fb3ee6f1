import CentralStore
import ChannelKit
import Core
import GRDB
import TestSupport
import Testing

@testable import Host

/// Who is let in and what those leave who are not.
@Suite(.timeLimit(.minutes(1))) struct StrangerTests {
    /// Every row of every table but the counted drops, as text.
    func rows(_ host: TestHost) async throws -> [String: [String]] {
        try await host.runtime.central.read { db in
            let names = try String.fetchAll(
                db,
                sql:
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('dropped_messages', 'retention')"
            )
            return try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (name, try Row.fetchAll(db, sql: "SELECT * FROM \"\(name)\"").map { "\($0)" })
                }
            )
        }
    }

    func drops(_ host: TestHost) async throws -> [DroppedMessage] {
        try await host.runtime.central.read { db in
            try DroppedMessage.order(DroppedMessage.CodingKeys.firstSeen).fetchAll(db)
        }
    }

    @Test func `T55 a stranger leaves nothing but a count, starts nothing and costs nothing`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let before = try await rows(host)
                for text in ["hello", "/stop", "/clear", "/link", "BCDFGHJK", "@agent do it"] {
                    var event = host.event(text, from: "stranger")
                    event.isMention = true
                    event.senderHandle = "@stranger"
                    event.attachments = [InboundFile(name: "a.txt", source: .bytes([1, 2, 3]))]
                    try await host.runtime.accept(event)
                }
                #expect(try await rows(host) == before)
                #expect(try await drops(host).map(\.messageCount) == [6])
                #expect(host.spawner.runners.isEmpty)
                #expect(host.channel.sent.isEmpty && host.channel.typed.isEmpty)
            }
        }
    }

    @Test func `T55 an empty allow-list means nobody, and a member of another channel is not on it`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = host.runtime.time.now
                let (ann, desk) = (UserID(channel: "test", native: "ann"), UserID(channel: "matrix", native: "ann"))
                try await host.runtime.accept(host.event("hi", from: "ann"))
                #expect(try await drops(host).map(\.reason) == [.unknownSenderStrict])
                try await host.runtime.central.write { db in
                    try Identity.link(ann, desk, by: nil, now: now, db)
                    try Member(userID: desk, agentGroupID: host.group.id, channelType: "matrix", addedAt: now).add(db)
                }
                try await host.runtime.accept(host.event("hi again", from: "ann"))
                #expect(try await drops(host).map(\.messageCount) == [2])
                try await host.runtime.central.write { db in
                    try Member(userID: desk, agentGroupID: host.group.id, channelType: "test", addedAt: now).add(db)
                }
                try await host.runtime.accept(host.event("and now", from: "ann"))
                await host.channel.waitForSent(1)
                #expect(try await drops(host).map(\.messageCount) == [2])
            }
        }
    }

    @Test func `a human is let in by every linked handle, and by an unlinked one no more`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = host.runtime.time.now
                let (boss, phone) = (UserID(channel: "test", native: "boss"), UserID(channel: "test", native: "phone"))
                try await host.runtime.accept(host.event("it is me", from: "phone"))
                #expect(try await drops(host).count == 1)
                try await host.runtime.central.write { try Identity.link(boss, phone, by: boss, now: now, $0) }
                try await host.runtime.accept(host.event("it is me", from: "phone"))
                await host.channel.waitForSent(1)
                try await host.runtime.central.write {
                    try Identity.unlink(phone, by: nil, now: Timestamp(milliseconds: 2), $0)
                }
                try await host.runtime.accept(host.event("still me", from: "phone"))
                #expect(try await drops(host).map(\.messageCount) == [2])
            }
        }
    }

    @Test func `people with a right bring the agent into groups, by any handle of theirs, and nobody else does`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                @Sendable func user(_ native: String) -> UserID { UserID(channel: "test", native: native) }
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    for name in ["ann", "ben"] { try User(id: user(name), createdAt: now).insert(db) }
                    try Member(userID: user("ann"), agentGroupID: host.group.id, channelType: "test", addedAt: now).add(
                        db
                    )
                    try Member(userID: user("ben"), agentGroupID: host.group.id, channelType: "slack", addedAt: now)
                        .add(db)
                }
                var welcome: [String] = []
                for name in ["boss", "ann", "ben", "phone", "nobody"]
                where try await host.runtime.welcomes(user(name)) { welcome.append(name) }
                #expect(welcome == ["boss", "ann"])
                try await host.runtime.central.write {
                    try Identity.link(user("boss"), user("phone"), by: nil, now: now, $0)
                }
                #expect(try await host.runtime.welcomes(user("phone")))
            }
        }
    }

    @Test func `other bots are ignored and counted unless the chat allows them, and pass the gates like anybody`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                var event = host.event("I am a program", from: "boss")
                event.isBot = true
                try await host.runtime.accept(event)
                #expect(try await drops(host).map(\.reason) == [.botSender])
                var elsewhere = host.event("nobody is here", from: "boss", in: "elsewhere")
                elsewhere.isBot = true
                try await host.runtime.accept(elsewhere)
                #expect(try await drops(host).count == 1)
                try await host.runtime.central.write { db in
                    _ = try MessagingGroup.update(host.chat.id, db) { $0.allowsBots = true }
                }
                event.platformMessageID = "again"
                event.dedupKey = "again"
                try await host.runtime.accept(event)
                await host.channel.waitForSent(1)
                event.senderNativeID = "other-bot"
                try await host.runtime.accept(event)
                #expect(try await drops(host).map(\.reason) == [.botSender, .unknownSenderStrict])
            }
        }
    }

    @Test func `a direct chat is asked of the channel once and forgotten when a message is refused there`() async throws
    {
        let channel = FakeChannel(dm: "dm-boss") { message throws(ChannelError) in
            guard message.address.platformID == "dm-boss" else { return SentMessage(platformMessageID: "1") }
            throw ChannelError(.rejected, "the person has blocked the bot")
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel) { host in
                let boss = UserID(channel: "test", native: "boss")
                let address = await host.runtime.directMessages.address(of: boss)
                #expect(address?.platformID == "dm-boss")
                func cached() async throws -> ChatAddress? {
                    try await host.runtime.central.read { try UserDM.address(of: boss, $0) }
                }
                #expect(try await cached() == address)
                host.runtime.notices.send("hello", to: try #require(address), as: "NanoClaw")
                try await host.eventually("it is forgotten") { try await cached() == nil }
            }
        }
    }
}
