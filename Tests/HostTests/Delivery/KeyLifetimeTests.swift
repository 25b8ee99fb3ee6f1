import CentralStore
import ChannelKit
import Core
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// A platform that knows a message's key for two minutes, as Discord its nonces.
@Suite(.timeLimit(.minutes(1))) struct KeyLifetimeTests {
    private static let capabilities = ChannelCapabilities(idempotencyKeys: true, keyLifetime: .seconds(120))

    private func record(_ host: TestHost, seq: Int64 = 3) async throws -> Delivery? {
        try await host.session().store.delivery(seq: seq)
    }

    @Test func `that a message is handed over, and when, is on the disk before the platform has it`() async throws {
        let clock = ManualTime(now: SystemTime().now)
        let channel = FakeChannel(
            capabilities: Self.capabilities,
            answer: { _ throws(ChannelError) in
                try? await clock.sleep(for: .seconds(1))
                return SentMessage(platformMessageID: "7")
            }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock) { host in
                try await host.runtime.accept(host.event("a"))
                await channel.waitForSent(1)
                let row = try #require(try await record(host))
                #expect(row.state == .sending && row.updatedAt == clock.now)
                try await host.turn(clock, until: "delivered") { try await record(host)?.state == .delivered }
            }
        }
    }

    @Test(arguments: [(20, false), (150, true)])
    func `after a lost answer and an outage it is sent again, marked when its key may be forgotten`(
        outage: Int,
        isMarked: Bool
    ) async throws {
        let clock = ManualTime(now: SystemTime().now)
        let start = clock.monotonic
        let attempts = Mutex(0)
        let channel = FakeChannel(
            capabilities: Self.capabilities,
            answer: { _ throws(ChannelError) in
                let attempt = attempts.withLock { attempts in
                    attempts += 1
                    return attempts
                }
                if attempt == 1 { throw ChannelError(.noAnswer, "the answer is lost") }
                guard clock.monotonic - start > .seconds(outage) else { throw ChannelError(.notConnected, "down") }
                return SentMessage(platformMessageID: "7")
            }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("the answer is lost") { try await record(host)?.error != nil }
                #expect(try await record(host)?.state == .sending)
                try await host.turn(clock, by: .milliseconds(200), until: "delivered") {
                    try await record(host)?.state == .delivered
                }
                #expect(try await record(host)?.error == (isMarked ? DeliveryPolicy.unknownOutcome : nil))
                #expect(Set(channel.sent.map(\.idempotencyKey)).count == 1)
            }
        }
    }

    @Test func `the next host marks what was handed over longer ago than its key is known`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: FakeChannel(capabilities: Self.capabilities)) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("delivered") { try await record(host)?.state == .delivered }
                // What a host leaves that is killed between handing a row over and recording the answer.
                var left = try #require(try await record(host))
                (left.state, left.platformMessageID) = (.sending, nil)
                let ages: [(Int64, Duration)] = [(5, .seconds(10)), (7, .seconds(600))]
                for (seq, age) in ages {
                    (left.message, left.seq, left.updatedAt) = (.random(), seq, SystemTime().now - age)
                    try await host.session().store.apply([.delivery(left)])
                }
                try await host.runtime.central.markDirty(host.session().id, nextDue: nil, reason: "test")
            }
            let next = FakeChannel(capabilities: Self.capabilities)
            try await withHost(home: home, channel: next) { host in
                await next.waitForSent(2)
                let notes: [(Int64, String?)] = [(5, nil), (7, DeliveryPolicy.unknownOutcome)]
                for (seq, note) in notes {
                    try await host.eventually("delivered") { try await record(host, seq: seq)?.state == .delivered }
                    #expect(try await record(host, seq: seq)?.error == note)
                }
            }
        }
    }

    @Test func `a notice whose answer is lost is sent again while its key is known`() async throws {
        let clock = ManualTime(now: SystemTime().now)
        let isFirst = Mutex(true)
        let channel = FakeChannel(
            capabilities: Self.capabilities,
            answer: { _ throws(ChannelError) in
                let isLost = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                if isLost { throw ChannelError(.noAnswer, "the answer is lost") }
                return SentMessage(platformMessageID: "7")
            }
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, time: clock) { host in
                host.runtime.notices.send("Noted.", to: host.chat.address, as: "Main")
                try await host.turn(clock, by: .milliseconds(500), until: "it is sent again") {
                    channel.sent.count == 2
                }
                #expect(Set(channel.sent.map(\.idempotencyKey)).count == 1)
            }
        }
    }
}
