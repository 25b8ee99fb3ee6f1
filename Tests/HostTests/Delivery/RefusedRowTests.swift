import CentralStore
import ChannelKit
import Core
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// Rows that a runner writes and the host does not send, or not as they stand.
@Suite(.timeLimit(.minutes(1))) struct RefusedRowTests {
    static func text(of row: InboundRow) -> String? {
        guard case .chat(let chat) = row.content else { return nil }
        return chat.text
    }

    /// The record of the runner's first row, once it has ended.
    func refusal(_ host: TestHost) async throws -> Delivery {
        let store = try await host.session().store
        try await host.eventually("the row is refused") { try await store.delivery(seq: 3)?.state == .failed }
        try await host.eventually("the agent is told") {
            try await store.history(limit: 20).contains { $0.kind == "system" && !$0.isOutgoing }
        }
        return try #require(try await store.delivery(seq: 3))
    }

    @Test(arguments: [false, true])
    func `§16.212 a row to an unknown chat is refused, and so is one to a chat that is no destination`(
        isKnown: Bool
    ) async throws {
        let place = ChatAddress(channel: "test", platformID: "elsewhere")
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                { _ in .say { _ in [NewOutbound(content: .chat(.init(text: "hi")), address: place, turn: .random())] } }
            ) { host in
                if isKnown {
                    try await host.runtime.central.write { db in
                        let now = SystemTime().now
                        _ = try MessagingGroup(channelType: "test", platformID: "elsewhere", createdAt: now).create(db)
                    }
                }
                try await host.runtime.accept(host.event("go"))
                let record = try await refusal(host)
                #expect(record.attempts == 0)
                #expect(record.error?.contains("neither this conversation's chat nor one of") == true)
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `§16.213 an unknown request is refused at once, told, and not tried again`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                time: clock,
                { _ in
                    .say { _ in
                        let action = OutboundAction(action: "open_the_door", arguments: "{}")
                        return [NewOutbound(content: .system(action), address: nil, turn: .random())]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("go"))
                let record = try await refusal(host)
                #expect(record.attempts == 0 && record.nextAttempt == nil)
                #expect(record.error == "the host knows no action \"open_the_door\"; nothing was changed")
                let store = try await host.session().store
                #expect(try await store.openDeliveries().isEmpty)
                #expect(try await store.history(limit: 20).filter { $0.kind == "system" && !$0.isOutgoing }.count == 1)
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test(arguments: [false, true])
    func `§16.217 a channel that cannot edit or react is sent neither, and no new message instead`(
        canDoBoth: Bool
    ) async throws {
        let channel = FakeChannel(
            capabilities: ChannelCapabilities(edits: canDoBoth, reactions: canDoBoth, idempotencyKeys: true)
        )
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                channel: channel,
                { _ in
                    .say { row in
                        guard Self.text(of: row) == "change it" else {
                            return [
                                NewOutbound(content: .chat(.init(text: "one")), address: row.address, turn: .random())
                            ]
                        }
                        return [
                            NewOutbound(content: .edit(.init(seq: 3, text: "two")), address: nil, turn: .random()),
                            NewOutbound(content: .reaction(.init(seq: 3, emoji: "👍")), address: nil, turn: .random()),
                        ]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("say it"))
                let store = try await host.session().store
                try await host.eventually("delivered") { try await store.delivery(seq: 3)?.state == .delivered }
                try await host.runtime.accept(host.event("change it"))
                let state = canDoBoth ? "delivered" : "failed"
                try await host.eventually("both have ended as \(state)") {
                    let ended = try await store.history(limit: 20).filter { $0.isOutgoing && $0.state == state }
                    return Set(ended.map(\.kind)).isSuperset(of: ["edit", "reaction"])
                }
                #expect(channel.texts == ["one"])
                #expect(channel.sent.count == (canDoBoth ? 3 : 1))
            }
        }
    }

    @Test func `§16.221 a message of files alone goes out with an empty text`() async throws {
        let id = MessageID.random()
        let channel = FakeChannel()
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                channel: channel,
                { _ in
                    .say { row in
                        let isFirst = Self.text(of: row) == "first"
                        let chat = isFirst ? OutboundChat(text: "one") : OutboundChat(text: "", files: ["a.txt"])
                        return [
                            NewOutbound(
                                id: isFirst ? nil : id,
                                content: .chat(chat),
                                address: row.address,
                                turn: .random()
                            )
                        ]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("first"))
                await channel.waitForSent(1)
                let outbox = try Directory(path: try await host.session().folder.outbound + "/outbox")
                try outbox.makeDirectory(id.rawValue)
                try outbox.directory(id.rawValue).replace("a.txt", with: Array("content".utf8))
                try await host.runtime.accept(host.event("a file, please"))
                await channel.waitForSent(2)
                guard case .text(let text, let files)? = channel.sent.last?.body else {
                    Issue.record("it is no message: \(channel.sent)")
                    return
                }
                #expect(text.isEmpty)
                #expect(files.map(\.name) == ["a.txt"])
                #expect(try files.first?.descriptor.readAll(limit: 100) == Array("content".utf8))
            }
        }
    }
}
