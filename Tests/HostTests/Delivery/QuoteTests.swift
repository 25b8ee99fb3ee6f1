import ChannelKit
import Core
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct QuoteTests {
    @Test func `on a platform with threads a reply quotes outside of them, in groups`() async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(capabilities: ChannelCapabilities(threads: true, idempotencyKeys: true))
            try await withHost(home: home, channel: channel) { host in
                let places: [(id: String, thread: String?, isGroup: Bool)] = [
                    ("m1", nil, true), ("m2", "7", true), ("m3", nil, false),
                ]
                for (index, place) in places.enumerated() {
                    var event = host.event("hello", id: place.id)
                    event.address.thread = place.thread
                    event.isGroup = place.isGroup
                    try await host.runtime.accept(event)
                    await channel.waitForSent(index + 1)
                }
                #expect(channel.sent.map(\.quotes) == ["m1", nil, nil])
                #expect(channel.sent.map(\.answers) == ["m1", "m2", "m3"].map { .message($0) })
                #expect(channel.sent.map(\.address.thread) == [nil, "7", nil])
            }
        }
    }
}
