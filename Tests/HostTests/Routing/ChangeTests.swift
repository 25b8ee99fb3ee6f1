import CentralStore
import ChannelKit
import Core
import GRDB
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// What becomes of a message or a chat after it was written, beside a whole host.
@Suite(.timeLimit(.minutes(1))) struct ChangeTests {
    private func change(
        _ kind: ChatChange.Kind,
        _ host: TestHost,
        key: String,
        from sender: String? = "boss",
        isGroup: Bool = false
    ) -> ChatChange {
        ChatChange(
            kind,
            address: host.chat.address,
            isGroup: isGroup,
            senderNativeID: sender,
            senderName: sender,
            dedupKey: key,
            at: host.runtime.time.now
        )
    }

    /// The chat rows that came in, oldest first.
    private func rows(_ host: TestHost) async throws -> [ChatContent] {
        let history = try await host.session().store.history(limit: 100)
        return try history.filter { !$0.isOutgoing && $0.kind == "chat" }.map { entry in
            guard case .chat(let chat) = try InboundContent(kind: .chat, json: entry.content.utf8) else {
                throw HostError(.invalid, "no chat row")
            }
            return chat
        }
    }

    @Test func `an edit wakes the agent that has the message and names it by its number`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("call at five", id: "m1"))
                await host.channel.waitForSent(1)
                let edit = change(.edited(platformMessageID: "m1", text: "call at six"), host, key: "m1:e1")
                for _ in 0..<2 { try await host.runtime.note(edit) }
                await host.channel.waitForSent(2)
                let rows = try await rows(host)
                #expect(rows.map(\.text) == ["call at five", "call at six"])
                #expect(rows[1].change == .init(kind: .edited, platformMessageID: "m1", seq: 2))
                #expect(host.channel.texts.last?.contains("call at six") == true)
            }
        }
    }

    @Test func `what else a platform told comes to the agent, cut where it is more than may be`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                var event = host.event("it is locked", id: "m1")
                event.metadata = ["encrypted": true]
                try await host.runtime.accept(event)
                event = host.event("and this", id: "m2")
                event.metadata = ["much": .string(String(repeating: "x", count: InboundEvent.longestMetadata))]
                try await host.runtime.accept(event)
                await host.channel.waitForSent(2)
                let cut = JSONValue.string(String(repeating: "x", count: 500))
                #expect(try await rows(host).map(\.details) == [["encrypted": true], ["much": cut]])
            }
        }
    }

    @Test func `an edit of a message that no agent has is a message of its own`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.note(
                    change(.edited(platformMessageID: "m7", text: "agent, hello"), host, key: "m7:e1")
                )
                await host.channel.waitForSent(1)
                #expect(try await rows(host).map(\.change?.seq) == [nil])
            }
        }
    }

    @Test func `a reaction and a deletion wake nobody and stand before the next message`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("first", id: "m1"))
                await host.channel.waitForSent(1)
                let reply = try #require(host.channel.sent.first.map { "sent-\($0.idempotencyKey)" })
                try await host.eventually("the reply is recorded") {
                    try await host.session().store.message(platformID: reply, in: host.chat.address) != nil
                }
                try await host.runtime.note(
                    change(.reaction(platformMessageID: reply, emoji: "👍", isAdded: true), host, key: "r1")
                )
                try await host.runtime.note(change(.deleted(platformMessageID: "m1"), host, key: "m1:d"))
                // Of a message that nobody here knows nothing is kept.
                try await host.runtime.note(change(.deleted(platformMessageID: "elsewhere"), host, key: "x:d"))
                #expect(host.channel.sent.count == 1)
                try await host.runtime.accept(host.event("second", id: "m2"))
                await host.channel.waitForSent(2)
                let rows = try await rows(host)
                #expect(rows.map(\.change?.kind) == [nil, .reaction, .deleted, nil])
                #expect(rows[1].text == "👍" && rows[1].change?.seq == 3)
                #expect(rows[2].change?.seq == 2)
            }
        }
    }

    @Test func `what a stranger does to messages reaches no agent`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("first", id: "m1"))
                await host.channel.waitForSent(1)
                for kind in [
                    ChatChange.Kind.edited(platformMessageID: "m1", text: "evil"),
                    .reaction(platformMessageID: "m1", emoji: "👎", isAdded: true), .deleted(platformMessageID: "m1"),
                ] {
                    try await host.runtime.note(change(kind, host, key: "s", from: "stranger"))
                    if case .deleted = kind { continue }
                    try await host.runtime.note(change(kind, host, key: "n", from: nil))
                }
                #expect(try await rows(host).map(\.text) == ["first"])
            }
        }
    }

    @Test func `a deletion of which the platform does not say whose it is comes to those who have the message`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("first", id: "m1"))
                await host.channel.waitForSent(1)
                for id in ["m1", "elsewhere"] {
                    try await host.runtime.note(
                        change(.deleted(platformMessageID: id), host, key: "\(id):d", from: nil)
                    )
                }
                #expect(try await rows(host).map(\.change?.platformMessageID) == [nil, "m1"])
            }
        }
    }

    @Test func `a message told again with another name and other details is the same`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                var event = host.event("live", id: "m1")
                event.metadata = ["conversation_type": "channel"]
                try await host.runtime.accept(event)
                event.metadata = nil
                event.senderName = "Another name"
                try await host.runtime.accept(event)
                #expect(try await rows(host).map(\.text) == ["live"])
            }
        }
    }

    @Test func `a text that no row can hold is cut where it says so, and taken`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                for (id, filling) in [("m1", "log line\n"), ("m2", "\u{1}")] {
                    let text = String(repeating: filling, count: 400_000 / filling.utf8.count)
                    try await host.runtime.accept(host.event(text, id: id))
                    let stored = try #require(try await rows(host).last?.text)
                    #expect(
                        stored.hasSuffix(
                            "[cut here: the whole has \(text.utf8.count) bytes, more than a message may have]"
                        )
                    )
                    #expect(text.hasPrefix(stored.split(separator: "\n[cut here").first ?? "nothing"))
                }
            }
        }
    }

    @Test func `a chat that the platform has moved keeps its agents and its conversation`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("before", id: "m1"))
                await host.channel.waitForSent(1)
                try await host.runtime.note(change(.moved(platformID: "c2"), host, key: "move"))
                try await host.runtime.accept(host.event("after", id: "m2", in: "c2"))
                await host.channel.waitForSent(2)
                #expect(try await host.session(of: "c2").id == host.session().id)
                #expect(host.channel.sent.last?.address.platformID == "c2")
            }
        }
    }

    @Test func `where several write and there are no threads a reply quotes what it answers`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                var event = host.event("in the group", id: "m1")
                event.isGroup = true
                try await host.runtime.accept(event)
                await host.channel.waitForSent(1)
                try await host.runtime.accept(host.event("alone", id: "m2"))
                await host.channel.waitForSent(2)
                #expect(host.channel.sent.map(\.quotes) == ["m1", nil])
            }
        }
    }
}
