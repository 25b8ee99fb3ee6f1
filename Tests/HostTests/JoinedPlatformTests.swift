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
    let links: [JoinedChannel]

    func identify(_ values: ChannelValues, _ tools: ChannelTools) async -> ChannelIdentity {
        ChannelIdentity(account: values["token"], title: "@joined")
    }

    func adapter(_ account: ChannelAccount, _ tools: ChannelTools) -> any ChannelAdapter {
        links.first { $0.account == account.identity.account } ?? links[0]
    }
}

/// Somebody writes as soon as it runs; what is said to them is kept.
private final class JoinedChannel: ChannelAdapter {
    let channel = "joined"
    let account: String?
    let capabilities = ChannelCapabilities()
    let outside = FakeChannel("joined")

    init(_ account: String) { self.account = account }

    var health: ChannelHealth { outside.health }

    func run(_ inbox: any ChannelInbox) async throws {
        let event = InboundEvent(
            address: ChatAddress(channel: channel, platformID: "joined:\(account ?? ""):c1"),
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
    @Test func `two accounts of a platform from outside bring messages to an agent, each takes its own answer`()
        async throws
    {
        let links = ["7", "8"].map(JoinedChannel.init)
        try await withTemporaryDirectory { home in
            try await withHost(home: home, platforms: [JoinedPlatform(links: links)]) { host in
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
                for link in links {
                    let account = try #require(link.account)
                    let added = try await host.runtime.accounts.add(
                        channel: "joined",
                        name: "joined-\(account)",
                        values: ["token": account]
                    )
                    #expect(added.identity.title == "@joined")
                }
                for link in links {
                    await link.outside.waitForSent(1)
                    #expect(link.outside.sent.map(\.address.platformID) == ["joined:\(link.account ?? ""):c1"])
                    #expect(link.outside.texts == ["echo: hello"])
                }
            }
        }
    }
}
