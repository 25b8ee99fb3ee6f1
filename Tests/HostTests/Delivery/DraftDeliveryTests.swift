import ChannelKit
import ChatMarkdown
import Core
import SessionStore
import Synchronization
import TestSupport
import Testing

@testable import Host
@testable import SessionStoreHost

/// What people see on a platform that can edit.
private final class Wall: Sendable {
    static let capabilities = ChannelCapabilities(
        edits: true,
        idempotencyKeys: true,
        drafts: .edits(every: .seconds(1)),
        text: TextRules(limit: 2000, unit: .scalars, dialect: .markdown)
    )

    private let messages = Mutex<[String]>([])

    var texts: [String] { messages.withLock { $0 } }

    func take(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let parts = OutgoingParts(message, for: Self.capabilities)
        return try await parts.send(from: message.partsDone, time: SystemTime()) { part throws(PartFailure) in
            switch part.content {
            case .text(let text):
                return messages.withLock { messages in
                    messages.append(text.rendered)
                    return "m\(messages.count)"
                }
            case .edit(let id, let text):
                guard let index = Int(id.dropFirst()) else { throw .failed(ChannelError(.rejected, "no \(id)")) }
                messages.withLock { $0[index - 1] = text.rendered }
                return id
            case .file, .reaction: return nil
            }
        }
    }

    func channel() -> FakeChannel {
        FakeChannel(
            capabilities: Self.capabilities,
            answer: { message throws(ChannelError) in try await self.take(message) }
        )
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Messages that people see being written` {
    private static let words = "A sentence that is long enough to be shown"

    @Test func `end as one message, whose id is recorded`() async throws {
        try await withTemporaryDirectory { home in
            let wall = Wall()
            let channel = wall.channel()
            let writing = FakeBehaviour.write([Self.words, ", and its end."], then: { !wall.texts.isEmpty })
            let forEver = Patience(least: .zero, most: .seconds(3600))
            try await withHost(home: home, channel: channel, recordPatience: forEver, { _ in writing }) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("delivered") {
                    try await host.session().store.delivery(seq: 3)?.state == .delivered
                }
                #expect(try await host.session().store.delivery(seq: 3)?.platformMessageID == "m1")
                #expect(wall.texts == ["\(Self.words), and its end."])
                // The next host knows no draft, and would say it again under a key that the platform has not seen.
                #expect(try await !host.session().store.isPatient)
                #expect(channel.sent.first?.unfinished == Draft.ongoing)
                #expect(channel.sent.last?.replaces == "m1")
            }
        }
    }

    @Test func `say that they were interrupted when somebody stops the agent`() async throws {
        try await withTemporaryDirectory { home in
            let wall = Wall()
            try await withHost(home: home, channel: wall.channel(), { _ in .write([Self.words], then: { false }) }) {
                host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("a draft") { !wall.texts.isEmpty }
                try await host.runtime.accept(host.event("/stop"))
                try await host.eventually("its end") { wall.texts.first == "\(Self.words) (interrupted)" }
            }
        }
    }

    @Test func `T70 a long turn says that it is at work, and at its end how long it took`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let wall = Wall()
            let writing = FakeBehaviour.write([Self.words], then: { wall.texts.count == 2 })
            try await withHost(home: home, channel: wall.channel(), time: clock, { _ in writing }) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("a draft") {
                    clock.advance(by: .milliseconds(100))
                    return !wall.texts.isEmpty
                }
                clock.advance(by: .seconds(75))
                try await host.eventually("its end") { wall.texts.last?.hasPrefix("That took 1 min") == true }
                try await host.eventually("the message") { wall.texts.first == Self.words }
                #expect(wall.texts.count == 2)
            }
        }
    }

    @Test func `are sent anew by the next host, which knows no drafts of the one before`() async throws {
        try await withTemporaryDirectory { home in
            let wall = Wall()
            try await withHost(home: home, channel: wall.channel(), { _ in .write([Self.words], then: { false }) }) {
                host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("a draft") { !wall.texts.isEmpty }
            }
            let next = wall.channel()
            try await withHost(home: home, channel: next) { host in
                try await host.eventually("the answer") { next.texts.contains("echo: a") }
                try await host.eventually("delivered") {
                    try await host.session().store.delivery(seq: 3)?.state == .delivered
                }
                #expect(next.sent.allSatisfy { $0.replaces == nil })
                #expect(wall.texts.count == 2)
                #expect(wall.texts.first?.hasPrefix(Self.words) == true)
                #expect(wall.texts.last == "echo: a")
            }
        }
    }
}
