import ChannelKit
import Channels
import Core
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct FiveAdaptersTests {
    /// What became of the one reply that a runner wrote.
    func record(_ host: TestHost) async throws -> Delivery? {
        try await host.session().store.delivery(seq: 3)
    }

    @Test func `T01 sent with an id is delivered with it`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("delivered") { try await self.record(host)?.state == .delivered }
                #expect(try await record(host)?.platformMessageID?.hasPrefix("sent-") == true)
            }
        }
    }

    @Test func `T01 sent without an id is delivered`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(answer: { _ in SentMessage(platformMessageID: nil) })
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("delivered") { try await self.record(host)?.state == .delivered }
                #expect(try await record(host)?.platformMessageID == nil)
            }
        }
    }

    @Test func `T01 T03 with no adapter or one that throws the row stays`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(answer: { _ throws(ChannelError) in throw ChannelError(.notConnected, "link down")
            })
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("kept") { try await self.record(host)?.state == .retry }
                #expect(try await record(host)?.error == "link down")
            }
            let back = FakeChannel()
            try await withHost(home: home, channel: back) { host in
                await back.waitForSent(1)
                #expect(back.texts == ["echo: a"])
            }
        }
    }

    @Test func `T01 an adapter that never returns delivers nothing and holds up nobody else`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(answer: { _ throws(ChannelError) in
                try? await Task.sleep(for: .seconds(3600))
                throw ChannelError(.transient, "cancelled")
            })
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.accept(host.event("a"))
                await channel.waitForSent(1)
                #expect(try await record(host)?.state != .delivered)
                let cli = ChatAddress(channel: "cli", platformID: "cli:local:main")
                try await host.runtime.accept(
                    InboundEvent(
                        address: cli,
                        platformMessageID: "q",
                        sentAt: SystemTime().now,
                        senderNativeID: "0",
                        content: ChatContent(text: "b")
                    )
                )
                try await host.eventually("the other channel answers") {
                    try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 5).isEmpty == false
                }
            }
        }
    }

    @Test func `T05 the next host sends a row that was being sent once more, marks it, and a third time not`()
        async throws
    {
        try await withTemporaryDirectory { home in
            let capabilities = ChannelCapabilities(edits: true, reactions: true, idempotencyKeys: false, files: true)
            try await withHost(home: home, channel: FakeChannel(capabilities: capabilities)) { host in
                try await host.runtime.accept(host.event("a", id: "m1"))
                try await host.eventually("delivered") { try await self.record(host)?.state == .delivered }
                // What a host leaves that is killed between handing a row over and recording the answer.
                var left = try #require(try await record(host))
                (left.message, left.seq, left.state, left.platformMessageID) = (.random(), 5, .sending, nil)
                try await host.session().store.apply([.delivery(left)])
                try await host.runtime.central.markDirty(host.session().id, nextDue: nil, reason: "test")
            }
            let next = FakeChannel(capabilities: capabilities)
            try await withHost(home: home, channel: next) { host in
                await next.waitForSent(1)
                let store = try await host.session().store
                try await host.eventually("delivered") { try await store.delivery(seq: 5)?.state == .delivered }
                let sent = try await store.delivery(seq: 5)
                #expect(next.texts == ["echo: a"])
                #expect(next.sent.first?.answers == .message("m1"), "read anew")
                #expect(sent?.error == DeliveryPolicy.unknownOutcome)
                var again = try #require(sent)
                (again.message, again.seq, again.state) = (.random(), 7, .sending)
                try await store.apply([.delivery(again)])
                try await host.runtime.central.markDirty(host.session().id, nextDue: nil, reason: "test")
            }
            let last = FakeChannel(capabilities: capabilities)
            try await withHost(home: home, channel: last) { host in
                let store = try await host.session().store
                try await host.eventually("given up") { try await store.delivery(seq: 7)?.state == .unknown }
                #expect(last.sent.isEmpty)
            }
        }
    }

    @Test func `what may be there already is not told as failed when it may not go there any more`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("delivered") { try await self.record(host)?.state == .delivered }
                var left = try #require(try await record(host))
                (left.message, left.seq, left.state, left.platformMessageID) = (.random(), 5, .retry, nil)
                left.error = DeliveryPolicy.unknownOutcome
                left.address = ChatAddress(channel: "test", platformID: "elsewhere")
                try await host.session().store.apply([.delivery(left)])
                try await host.runtime.central.markDirty(host.session().id, nextDue: nil, reason: "test")
            }
            try await withHost(home: home) { host in
                let store = try await host.session().store
                try await host.eventually("given up") { try await store.delivery(seq: 5)?.state == .unknown }
                #expect(try await store.delivery(seq: 5)?.error?.contains("from an earlier attempt") == true)
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `what may be there already is not told as failed when it is stopped`() async throws {
        let channel = FakeChannel(answer: { _ throws(ChannelError) in throw ChannelError(.noAnswer, "lost") })
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("given up") { try await self.record(host)?.state == .unknown }
                let handle = try await host.session()
                var left = try #require(try await record(host))
                (left.state, left.error) = (.retry, DeliveryPolicy.unknownOutcome)
                let deliveries = host.runtime.deliveries.session(handle)
                await deliveries.drop(left)
                await deliveries.settle()
                let stopped = try #require(try await record(host))
                #expect(stopped.state == .unknown && stopped.error?.hasSuffix("stopped before it was sent") == true)
            }
        }
    }

    @Test func `T02 a rejected row tells the agent once and the owner on another way`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(answer: { _ throws(ChannelError) in throw ChannelError(.rejected, "400 bad") })
            try await withHost(home: home, channel: channel) { host in
                try await host.runtime.accept(host.event("a"))
                try await host.eventually("failed") { try await self.record(host)?.state == .failed }
                let store = try await host.session().store
                try await host.eventually("the agent is told") {
                    try await store.history(limit: 20).filter { $0.kind == "system" }.count == 1
                }
                try await host.eventually("the owner is told") {
                    try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 5).count == 1
                }
                #expect(channel.sent.count == 1)
            }
        }
    }
}
