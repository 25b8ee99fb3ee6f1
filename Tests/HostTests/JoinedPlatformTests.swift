import CentralStore
import ChannelAccounts
import ChannelKit
import Core
import TestSupport
import Testing

@testable import Host

/// A platform that the host knows by its options alone.
private struct JoinedPlatform: ChannelPlatform {
    let channel = "joined"
    let title = "Joined"
    let fields = [ChannelField("token", "any text", isSecret: true)]
    let link: JoinedChannel

    func identify(_ values: ChannelValues, _ tools: ChannelTools) async -> ChannelIdentity {
        ChannelIdentity(account: "7", title: "@joined")
    }

    func adapter(_ account: ChannelAccount, _ tools: ChannelTools) -> any ChannelAdapter { link }
}

/// Somebody writes as soon as it runs; what is said to them is kept.
private final class JoinedChannel: ChannelAdapter {
    let channel = "joined"
    let account: String? = "7"
    let capabilities = ChannelCapabilities()
    let outside = FakeChannel("joined")
    var health: ChannelHealth { outside.health }

    func run(_ inbox: any ChannelInbox) async throws {
        let event = InboundEvent(
            address: ChatAddress(channel: channel, platformID: "joined:7:c1"),
            platformMessageID: "1",
            sentAt: SystemTime().now,
            senderNativeID: "ann",
            content: ChatContent(text: "hello")
        )
        try await inbox.accept(event)
        try await outside.run(inbox)
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        try await outside.deliver(message)
    }

    func setTyping(_ address: ChatAddress) async {}
    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}

@Suite(.timeLimit(.minutes(1))) struct JoinedPlatformTests {
    @Test func `a platform from outside brings a message to an agent and takes the answer`() async throws {
        let channel = JoinedChannel()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, platforms: [JoinedPlatform(link: channel)]) { host in
                let now = host.runtime.time.now
                _ = try await host.runtime.central.write { db in
                    try UserRole.grant(.owner, to: UserID(channel: "joined", native: "ann"), now: now, db)
                    return try Wiring(
                        agentGroupID: host.group.id,
                        target: .account(channel: "joined", account: nil),
                        engageModes: [.pattern],
                        engagePattern: ".",
                        createdAt: now
                    ).create(db)
                }
                let added = try await host.runtime.accounts.add(channel: "joined", name: nil, values: ["token": "t"])
                #expect(added.identity.title == "@joined")
                await channel.outside.waitForSent(1)
                #expect(channel.outside.sent.first?.address.platformID == "joined:7:c1")
                #expect(channel.outside.texts == ["echo: hello"])
            }
        }
    }
}
