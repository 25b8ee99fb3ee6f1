import Approvals
import CentralStore
import ChannelKit
import Channels
import ChatMarkdown
import Core
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Cards on their way to a platform, and the answers that people write.
@Suite(.timeLimit(.minutes(1))) struct CardLifeTests {
    @Test func `where an answer needs the card's code a bare number is none`() async throws {
        let shed = PaintShed()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel()) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                try await host.waitForAsked(1)
                let code = try #require(try await host.card(id)?.code)
                @Sendable func mail(_ text: String) async throws {
                    var event = host.event(text, in: TestHost.dm)
                    event.requiresCode = true
                    try await host.runtime.accept(event)
                }
                try await mail("1")
                #expect(try await host.card(id)?.state == .open)
                #expect(try await host.row(id)?.status == "pending")
                try await mail("1 \(code)")
                #expect(try await host.end(of: id).status == .executed)
            }
        }
    }

    @Test func `an answer counts where the platform tells whole seconds only`() async throws {
        let shed = PaintShed()
        let clock = ManualTime(now: SystemTime().now)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(), time: clock) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                try await host.waitForAsked(1)
                var answer = host.event("1", in: TestHost.dm)
                answer.sentAt = clock.now - .milliseconds(999)
                try await host.runtime.accept(answer)
                #expect(try await host.end(of: id).status == .executed)
            }
        }
    }

    @Test func `a card of several messages is closed in the last of them, and no message comes`() async throws {
        let shed = PaintShed()
        let channel = FakeChannel(
            capabilities: ChannelCapabilities(
                edits: true,
                idempotencyKeys: true,
                buttons: true,
                text: TextRules(limit: 100, unit: .utf16, dialect: .markdown)
            ),
            dm: TestHost.dm,
            answer: { _ in SentMessage(platformMessageID: "first", lastMessageID: "last", parts: 3) }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel) { host in
                host.runtime.approvals.register(shed)
                let id = try await host.ask().id
                try await host.waitForAsked(1)
                #expect(try await host.press(id) == .taken)
                try await host.end(of: id)
                try await host.eventually("the card is closed") { try await host.card(id)?.state == .closed }
                let sent = channel.sent.filter { $0.address.platformID == TestHost.dm }
                let card = try #require(sent.first)
                #expect(OutgoingParts(card, for: channel.capabilities).parts.count > 1)
                #expect(sent.count > 1)
                for end in sent.dropFirst() {
                    guard case .edit("last", _) = end.body else {
                        Issue.record("\(end.body)")
                        continue
                    }
                    #expect(OutgoingParts(end, for: channel.capabilities).parts.count == 1)
                }
            }
        }
    }

    @Test func `a card whose answer is lost is sent again while its key is known`() async throws {
        let clock = ManualTime(now: SystemTime().now)
        let lost = Mutex(3)
        let channel = FakeChannel(
            capabilities: ChannelCapabilities(idempotencyKeys: true, keyLifetime: .seconds(120), buttons: true),
            dm: TestHost.dm,
            answer: { _ throws(ChannelError) in
                let isLost = lost.withLock { lost in
                    lost -= 1
                    return lost >= 0
                }
                if isLost { throw ChannelError(.noAnswer, "the answer is lost") }
                return SentMessage(platformMessageID: "1")
            }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock) { host in
                host.runtime.approvals.register(PaintShed())
                let id = try await host.ask().id
                try await host.turn(clock, by: .milliseconds(500), until: "the card is there") {
                    try await host.card(id)?.state == .open
                }
            }
        }
    }

    @Test func `a card goes on after the parts that are there, and nobody is shown it for ever`() async throws {
        let clock = ManualTime(now: SystemTime().now)
        let failures = Mutex([
            ChannelError(.rateLimited(retryAfter: .seconds(1)), "slow down", partsDone: 2),
            ChannelError(.noAnswer, "the answer is lost", partsDone: 3),
            ChannelError(.noAnswer, "the answer is lost again", partsDone: 3),
        ])
        let channel = FakeChannel(
            capabilities: ChannelCapabilities(edits: true, buttons: true),
            dm: TestHost.dm,
            answer: { _ throws(ChannelError) in
                let failure: ChannelError? = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if let failure { throw failure }
                return SentMessage(platformMessageID: "1")
            }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock) { host in
                host.runtime.approvals.register(PaintShed())
                _ = try await host.ask()
                try await host.turn(clock, by: .milliseconds(500), until: "the owner of the machine is asked") {
                    try await !host.runtime.cli.lastEntries(of: CLIChannel.mainChat, limit: 5).isEmpty
                }
                let sent = channel.sent.filter { $0.address.platformID == TestHost.dm }
                #expect(sent.map(\.partsDone) == [0, 2, 3])
            }
        }
    }
}
