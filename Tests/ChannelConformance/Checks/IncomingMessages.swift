import ChannelKit
import Core
import Testing

/// What people write.
extension Stage {
    /// A message from a direct chat, with all that an event says.
    func text() async throws {
        let adapter = try adapter()
        let identity = world.account.identity.account
        #expect(adapter.channel == world.platform.channel)
        #expect(
            adapter.account == nil || adapter.account == identity,
            "the account of the adapter is that of the identity"
        )
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let words = "one 🎉 <b> & \"two\" 3 < 4\nsecond line"
            let id = try await world.say(WorldSaid(words, in: world.direct))
            _ = try await world.say(WorldSaid("another one", in: world.direct))
            let log = try await inbox.wait(forText: "another one")
            let event = try #require(log.events.first)
            #expect(event.content.text == words)
            #expect(event.platformMessageID == id)
            try check(event.address, world.direct)
            #expect(event.senderNativeID?.isEmpty == false, "the sender has a stable id")
            if let sender = event.senderNativeID { #expect(adapter.isNativeID(sender)) }
            if let person = world.nativeID(of: 0) { #expect(event.senderNativeID == person) }
            #expect(!event.isBot)
            #expect(!event.isGroup, "a direct chat is no group")
            #expect(event.isMention, "a direct message addresses the agent")
            #expect(!event.repliesToAgent)
            #expect(event.content.replyTo == nil)
            #expect(event.content.change == nil)
            #expect(event.attachments.isEmpty)
            let age = abs(SystemTime().now.milliseconds - event.sentAt.milliseconds)
            #expect(age < 300_000, "sentAt is when it was written: \(event.sentAt)")
            #expect(!event.dedupKey.isEmpty)
            #expect(event.requiresCode == adapter.capabilities.codedCards, "events say what the capabilities say")
            #expect(Set(log.events.map(\.dedupKey)).count == log.events.count, "two messages have two keys")
            for metadata in log.events.compactMap(\.metadata) {
                #expect(try JSONValue.object(metadata).text().utf8.count <= InboundEvent.longestMetadata)
            }
            let health = adapter.health
            #expect(health.state == .connected)
            #expect(health.lastEvent != nil, "health says when the platform was last heard")
        }
    }

    /// A platform id names channel, account and conversation, with colons inside the parts escaped.
    private func check(_ address: ChatAddress, _ chat: WorldChat) throws {
        #expect(address.channel == world.platform.channel)
        #expect(address.platformID == chat.platformID)
        // The identity has it as it stands in platform ids: escaped where the platform's own id has colons.
        let prefix = "\(world.platform.channel):\(world.account.identity.account):"
        #expect(address.platformID.hasPrefix(prefix), "\(address.platformID) begins with \(prefix)")
        let conversation = address.platformID.dropFirst(prefix.count)
        #expect(!conversation.isEmpty && !conversation.utf8.contains(UInt8(ascii: ":")))
    }

    /// In a group a message is a mention only when it addresses the agent, and the address is not in its text.
    func mention() async throws {
        let group = try group()
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            _ = try await world.say(WorldSaid("to everybody", in: group))
            _ = try await world.say(WorldSaid("are you there?", in: group, mentionsAgent: true))
            let log = try await inbox.wait(forText: "are you there?")
            let asked = try #require(log.events.first { $0.content.text == "are you there?" })
            #expect(asked.isMention)
            // A platform may show bots nothing but what addresses them.
            #expect(log.events.allSatisfy { $0.isMention == ($0.content.text == "are you there?") })
            #expect(log.events.allSatisfy { $0.isGroup })
            for event in log.events { try check(event.address, group) }
        }
    }

    /// An answer names what it answers, and whose that is.
    func reply() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let own = try await world.say(WorldSaid("how is it?", in: world.direct))
            let sent = try await send("it is fine", in: world.direct, by: adapter)
            let agents = try #require(sent.platformMessageID, "the platform's id of what was sent is told")
            _ = try await world.say(WorldSaid("good", in: world.direct, replyTo: agents))
            _ = try await world.say(WorldSaid("as I said", in: world.direct, replyTo: own))
            let log = try await inbox.wait(forText: "as I said")
            let first = try #require(log.events.first { $0.content.text == "good" })
            #expect(first.content.replyTo?.platformMessageID == agents)
            #expect(first.content.replyTo?.isFromAgent == true)
            #expect(first.repliesToAgent)
            let second = try #require(log.events.first { $0.content.text == "as I said" })
            #expect(second.content.replyTo?.platformMessageID == own)
            #expect(second.content.replyTo?.isFromAgent == false)
            #expect(!second.repliesToAgent)
        }
    }

    /// A message in a thread says which; one outside has none or its own.
    func thread() async throws {
        let adapter = try adapter()
        let chat = world.group ?? world.direct
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            guard adapter.capabilities.threads else {
                _ = try await world.say(WorldSaid("no thread", in: chat, mentionsAgent: chat.isGroup))
                let log = try await inbox.wait(forText: "no thread")
                #expect(log.events.allSatisfy { $0.address.thread == nil }, "a channel without threads names none")
                return
            }
            let thread = try #require(
                try await world.openThread(in: chat),
                "the adapter says that it has threads: the world needs openThread(in:)"
            )
            _ = try await world.say(WorldSaid("within", in: chat, mentionsAgent: chat.isGroup, thread: thread))
            _ = try await world.say(WorldSaid("outside", in: chat, mentionsAgent: chat.isGroup))
            let log = try await inbox.wait(for: "both messages") {
                Set($0.texts).isSuperset(of: ["within", "outside"])
            }
            let within = try #require(log.events.first { $0.content.text == "within" })
            let outside = try #require(log.events.first { $0.content.text == "outside" })
            #expect(within.address == address(chat, thread: thread))
            #expect(outside.address.platformID == chat.platformID)
            #expect(outside.address.thread != thread)
            #expect(outside.content.replyTo == nil)
        }
    }

    /// What the account sends never comes back as a message; it is told to those who test the account.
    func ownEcho() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let sent = try await send("from the agent", in: world.direct, by: adapter)
            if adapter.capabilities.echoes {
                let id = try #require(sent.platformMessageID)
                let echoes = tools.echoes
                let isSeen =
                    try await Deadline.run(ConformanceNet.limit, SystemTime()) { await echoes.wait(for: id) } != nil
                echoes.forget(id)
                #expect(isSeen, "the adapter says that it sees its messages come back: echoes.saw(_:) is told")
            }
            _ = try await world.say(WorldSaid("after it", in: world.direct))
            let log = try await inbox.wait(forText: "after it")
            #expect(log.texts == ["after it"], "an own message is no event")
            #expect(log.changes.isEmpty, "an own message is no change")
        }
    }

    /// What a program writes says so.
    func otherBot() async throws {
        let inbox = TestInbox()
        let chat = world.group ?? world.direct
        try await running(try adapter(), inbox) {
            _ = try await world.say(WorldSaid("beep", in: chat, mentionsAgent: chat.isGroup, isBot: true))
            _ = try await world.say(WorldSaid("a person", in: chat, mentionsAgent: chat.isGroup))
            let log = try await inbox.wait(for: "both messages") { Set($0.texts).isSuperset(of: ["beep", "a person"]) }
            #expect(log.events.allSatisfy { $0.isBot == ($0.content.text == "beep") })
        }
    }
}
