import CentralStore
import ChannelKit
import Core
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import Channels

/// A host that keeps what it is handed.
private final class KeepingInbox: ChannelInbox {
    private let events = Mutex<[InboundEvent]>([])

    /// A message that it cannot take.
    private let refused: String?

    init(refusing refused: String? = nil) { self.refused = refused }

    var taken: [InboundEvent] { events.withLock { $0 } }

    func accept(_ event: InboundEvent) async throws {
        guard event.platformMessageID != refused else { throw ChannelError(.transient, "not this one") }
        events.withLock { $0.append(event) }
    }

    func note(_ change: ChatChange) async throws {}

    func answer(_ answer: CardAnswer) async throws -> CardReceipt { .refused("no cards here") }
}

@Suite(.timeLimit(.minutes(1))) struct `Chats of this machine` {
    private func message(
        _ id: String,
        _ body: OutboundMessage.Body,
        chat: String = CLIChannel.mainChat
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: id,
            address: ChatAddress(channel: "cli", platformID: chat),
            body: body,
            agentName: "Main",
            turn: TurnID(unchecked: "t_1")
        )
    }

    private func withChannel(_ body: (CLIChannel) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            try await body(CLIChannel(home: home, store: try CentralStore(lock: lock)))
        }
    }

    @Test func `OB09 a file that grows while it is copied is kept as long as it was when it was opened`() async throws {
        try await withTemporaryDirectory { folder in
            let outbox = try Directory(path: folder)
            try outbox.replace("x", with: [UInt8](repeating: 1, count: 1000))
            let file = OutboundFile(name: "x", descriptor: try outbox.file("x", limit: 1000), size: 1000)
            let more = try outbox.open("x", O_WRONLY | O_APPEND)
            try more.write([UInt8](repeating: 2, count: 1 << 20))
            try await withChannel { channel in
                _ = try await channel.deliver(message("m_1", .text("", files: [file])))
                let kept = try #require(
                    try await channel.lastEntries(of: CLIChannel.mainChat, limit: 1).first?.body.files
                )
                let path = try #require(kept.first?.path)
                let copy = try Directory(path: String(path.dropLast(2))).contents("x", limit: 2000)
                #expect(copy == [UInt8](repeating: 1, count: 1000))
            }
        }
    }

    @Test func `the same row sent twice stands in the history once`() async throws {
        try await withChannel { channel in
            for _ in 0..<2 {
                let sent = try await channel.deliver(message("m_1", .text("hello", files: [])))
                #expect(sent == SentMessage(platformMessageID: "m_1"))
            }
            let entries = try await channel.lastEntries(of: CLIChannel.mainChat, limit: 10)
            #expect(entries.map(\.body.text) == ["hello"])
        }
    }

    @Test func `edits and reactions name the message they are about`() async throws {
        try await withChannel { channel in
            _ = try await channel.deliver(message("m_1", .edit(platformMessageID: "m_0", text: "better")))
            _ = try await channel.deliver(message("m_2", .reaction(platformMessageID: "m_0", emoji: "👍")))
            let bodies = try await channel.lastEntries(of: CLIChannel.mainChat, limit: 10).map(\.body)
            #expect(bodies.map(\.kind) == [.edit, .reaction])
            #expect(bodies.map(\.about) == ["m_0", "m_0"])
        }
    }

    @Test func `a chat of another channel is rejected`() async throws {
        try await withChannel { channel in
            let wrong = message("m_1", .text("x", files: []), chat: "telegram:1")
            await #expect(throws: ChannelError.self) { try await channel.deliver(wrong) }
            let none = try await channel.lastEntries(of: "telegram:1", limit: 1)
            #expect(none.isEmpty)
        }
    }

    private static let user = UserID(channel: "cli", native: "0")

    private func event(_ id: String) -> InboundEvent {
        let sentAt = Timestamp(milliseconds: 1)
        return CLIChannel.event(id, id, in: CLIChannel.mainChat, by: Self.user, named: "Ann", at: sentAt)
    }

    @Test func `what a host had put into the history and not taken is handed to the next, once`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            let (dead, next) = (CLIChannel(home: home, store: store), CLIChannel(home: home, store: store))
            for id in ["m_taken", "m_refused"] { try await dead.record(event(id), by: Self.user) }
            await dead.confirm(event("m_taken"))
            try await dead.withdraw(event("m_refused"))
            // What is written now is in hand.
            try await next.record(event("m_now"), by: Self.user)
            try await dead.record(event("m_open"), by: Self.user)
            let inbox = KeepingInbox()
            let run = Task { try await next.run(inbox) }
            while try await store.read({ db in try CLIMessage.open(db).map(\.messageID) }) != ["m_now"] {
                await Task.yield()
            }
            #expect(inbox.taken == [event("m_open")])
            run.cancel()
            _ = await run.result
        }
    }

    @Test func `one that the next host cannot take holds up no other, and stays to be taken`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            let (dead, next) = (CLIChannel(home: home, store: store), CLIChannel(home: home, store: store))
            for id in ["m_bad", "m_good"] { try await dead.record(event(id), by: Self.user) }
            let inbox = KeepingInbox(refusing: "m_bad")
            await #expect(throws: ChannelError.self) { try await next.run(inbox) }
            #expect(inbox.taken == [event("m_good")])
            #expect(try await store.read { db in try CLIMessage.open(db).map(\.messageID) } == ["m_bad"])
        }
    }

    @Test func `what became of a message is noted also when its client has left`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            let channel = CLIChannel(home: home, store: store)
            for id in ["m_taken", "m_refused"] { try await channel.record(event(id), by: Self.user) }
            let leaving = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await channel.confirm(event("m_taken"))
                try await channel.withdraw(event("m_refused"))
            }
            try await leaving.value
            #expect(try await store.read { db in try CLIMessage.open(db) }.isEmpty)
            let left = try await channel.lastEntries(of: CLIChannel.mainChat, limit: 9)
            #expect(left.map(\.messageID) == ["m_taken"])
        }
    }

    @Test func `messages of the same moment are each there once, in one order for every reader`() async throws {
        try await withChannel { channel in
            let updates = channel.updates(of: CLIChannel.mainChat)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<150 {
                    group.addTask { _ = try await channel.deliver(message("m_\(number)", .text("x", files: []))) }
                }
                try await group.waitForAll()
            }
            let stored = try await channel.lastEntries(of: CLIChannel.mainChat, limit: 1000)
            #expect(Set(stored.map(\.messageID)).count == 150)
            // From the beginning: more than is at hand; from the middle: what is at hand.
            for start in [0, stored[100].position] {
                var read: [CLIEntry] = []
                while let last = read.last?.position ?? Optional(start),
                    case let more = try await channel.entries(of: CLIChannel.mainChat, after: last, limit: 40),
                    !more.isEmpty
                { read += more }
                #expect(read == stored.filter { $0.position > start })
            }
            _ = updates
        }
    }

    @Test func `a message that is taken back is not shown to who reads on`() async throws {
        try await withChannel { channel in
            let updates = channel.updates(of: CLIChannel.mainChat)
            #expect(try await channel.record(event("m_1"), by: Self.user))
            #expect(try await !channel.record(event("m_1"), by: Self.user))
            #expect(try await channel.record(event("m_2"), by: Self.user))
            try await channel.withdraw(event("m_1"))
            let read = try await channel.entries(of: CLIChannel.mainChat, after: 0, limit: 10)
            #expect(read.map(\.messageID) == ["m_2"])
            _ = updates
        }
    }
}
