import CentralStore
import ChannelKit
import Channels
import ControlProtocol
import Core
import GRDB
import Glibc
import People
import TestSupport
import Testing

@testable import Host

/// Codes on their way through a whole host.
@Suite(.timeLimit(.minutes(1))) struct PairingLifeTests {
    static let home = UserID(channel: "cli", native: "0")

    func direct(_ host: TestHost, _ text: String, from sender: String) -> InboundEvent {
        var event = host.event(text, from: sender, in: "dm-\(sender)")
        event.isMention = true
        event.senderHandle = "@\(sender)"
        return event
    }

    func access(_ host: TestHost, _ user: String) async throws -> Access {
        try await host.runtime.central.read { try Access.of(UserID(channel: "test", native: user), $0) }
    }

    @Test func `a person who sends the code is an owner from the next message on, and the agent never sees it`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let offer = PairingOffer(.owner, wires: host.group.id)
                let made = try await host.runtime.pair(offer, by: Self.home, isHomeOwner: true)
                try await host.runtime.accept(direct(host, "hello?", from: "ann"))
                try await host.runtime.accept(direct(host, made.code.text, from: "ann"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["You are an owner now."])
                #expect(host.channel.sent.map(\.address.platformID) == ["dm-ann"])
                #expect(host.spawner.runners.isEmpty)
                #expect(try await access(host, "ann").isOwner)
                try await host.runtime.accept(direct(host, "hello", from: "ann"))
                await host.channel.waitForSent(2)
                #expect(host.channel.texts.last?.contains("hello") == true)
            }
        }
    }

    @Test func `whoever sends a code in a chat of this machine is told how it ended, and waits for no turn`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                func send(_ text: String) async throws -> ChatSent {
                    try await host.control("chat send", ["chat": "cli:local:main", "text": .string(text)])
                        .decoded(as: ChatSent.self)
                }
                let made = try await host.runtime.pair(PairingOffer(.link), by: Self.home, isHomeOwner: true)
                let sent = try await send(made.code.text)
                #expect(sent.answersCard == true && sent.answering == 0, "\(sent)")
                #expect(try await send("hello").answersCard == false)
                // One guess too many is refused, and is no message of the chat; the right one was a try too.
                let open = try await host.runtime.pair(PairingOffer(.owner), by: Self.home, isHomeOwner: true)
                var last: ControlError?
                while last == nil {
                    let guess = PairingCode.random()
                    if guess == open.code { continue }
                    do { _ = try await send(guess.text) } catch let error as ControlError { last = error }
                }
                #expect(last?.code == .conflict && last?.message.contains("too many") == true, "\(last?.message ?? "")")
                let entries = try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 100)
                #expect(entries.count { $0.direction == .in } == 6, "a code, hello and four guesses")
            }
        }
    }

    @Test func `T38 645 guesses in a second are refused after the fifth, and counted`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: ManualTime()) { host in
                let made = try await host.runtime.pair(PairingOffer(.owner), by: Self.home, isHomeOwner: true)
                var guesses: [PairingCode] = []
                while guesses.count < 645 {
                    let code = PairingCode.random()
                    if code != made.code { guesses.append(code) }
                }
                for guess in guesses { try await host.runtime.accept(direct(host, guess.text, from: "eve")) }
                try await host.runtime.accept(direct(host, made.code.text, from: "eve"))
                let counts = try await host.runtime.central.read { db in
                    try Dictionary(
                        uniqueKeysWithValues: DroppedMessage.fetchAll(db).map { ($0.reason, $0.messageCount) }
                    )
                }
                #expect(counts == [.noAgentWired: 5, .pairingLimit: 641])
                #expect(try await access(host, "eve") == Access())
                #expect(host.spawner.runners.isEmpty && host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `codes and tries outlive the host`() async throws {
        try await withTemporaryDirectory { home in
            nonisolated(unsafe) var code: PairingCode?
            try await withHost(home: home) { host in
                code = try await host.runtime.pair(PairingOffer(.owner), by: Self.home, isHomeOwner: true).code
                for _ in 0..<5 {
                    try await host.runtime.accept(direct(host, PairingCode.random().text, from: "eve"))
                }
            }
            let made = try #require(code)
            try await withHost(home: home) { host in
                try await host.runtime.accept(direct(host, made.text, from: "eve"))
                #expect(try await access(host, "eve") == Access())
                try await host.runtime.accept(direct(host, made.text, from: "ann"))
                #expect(try await access(host, "ann").isOwner)
            }
        }
    }

    @Test func `a code in a group, of a bot or in a longer message gives nothing`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let made = try await host.runtime.pair(PairingOffer(.owner), by: Self.home, isHomeOwner: true)
                try await host.runtime.accept(direct(host, "the code is \(made.code.text)", from: "ann"))
                var bot = direct(host, made.code.text, from: "robot")
                bot.isBot = true
                try await host.runtime.accept(bot)
                var nobody = direct(host, made.code.text, from: "ann")
                nobody.senderNativeID = nil
                try await host.runtime.accept(nobody)
                for user in ["ann", "robot"] { #expect(try await access(host, user) == Access()) }
                var inGroup = direct(host, made.code.text, from: "ann")
                inGroup.isGroup = true
                try await host.runtime.accept(inGroup)
                #expect(try await access(host, "ann") == Access())
                await host.channel.waitForSent(1)
                #expect(host.channel.texts.first?.contains("direct chat") == true)
            }
        }
    }

    @Test func `a member asks for a link code with /link and sends it from another account`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("/link"))
                await host.channel.waitForSent(1)
                let shown = try #require(host.channel.texts.first)
                let code = try #require(
                    shown.split(separator: " ").compactMap { PairingCode(message: String($0)) }.first
                )
                try await host.runtime.accept(direct(host, code.text, from: "phone"))
                #expect(try await access(host, "phone").isOwner)
                #expect(host.spawner.runners.isEmpty)
                // In front of others it is chat text.
                try await host.runtime.central.write { try $0.execute(sql: "UPDATE messaging_groups SET is_group = 1") }
                try await host.runtime.accept(host.event("/link"))
                await host.channel.waitForSent(3)
                #expect(host.channel.texts.last?.contains("/link") == true)
            }
        }
    }

    @Test func `a code that the platform brings again is not the agent's to read`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let offer = PairingOffer(.owner, wires: host.group.id)
                let made = try await host.runtime.pair(offer, by: Self.home, isHomeOwner: true)
                let event = direct(host, made.code.text, from: "ann")
                for _ in 0..<2 { try await host.runtime.accept(event) }
                await host.channel.waitForSent(1)
                #expect(host.spawner.runners.isEmpty)
                #expect(try await host.runtime.central.read { try Session.fetchCount($0) } == 0)
            }
        }
    }

    @Test func `a chat that others read gets no code, and neither does another chat than the asker's`() async throws {
        let shared = FakeChannel(capabilities: ChannelCapabilities(idempotencyKeys: true, privateChats: false))
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: shared) { host in
                try await host.runtime.accept(host.event("/link"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts.first?.contains("users link --code") == true)
                let codes = try await host.runtime.central.read { db in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM pairing_codes")
                }
                #expect(codes == 0)
            }
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                var event = host.event("/link")
                event.replyAddress = ChatAddress(channel: "test", platformID: "elsewhere")
                try await host.runtime.accept(event)
                await host.channel.waitForSent(1)
                #expect(host.channel.sent.map(\.address) == [host.chat.address])
            }
        }
    }

    @Test func `a link that would give the maker more waits for an owner, who makes it`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let eve = UserID(channel: "test", native: "eve")
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    try Member(userID: eve, agentGroupID: host.group.id, addedAt: now).add(db)
                }
                let made = try await host.runtime.pair(PairingOffer(.link), by: eve, isHomeOwner: false)
                try await host.runtime.accept(direct(host, made.code.text, from: "boss"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts.first?.contains("users link test:eve test:boss") == true)
                #expect(try await access(host, "eve").isOwner == false)
            }
        }
    }
}
