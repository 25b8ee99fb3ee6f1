import ChannelAccounts
import ChannelKit
import Core
import Logging
import TestSupport
import Testing

@testable import Host

/// One bot of several: it has a chat of its own with each person.
private struct Bot: ChannelAdapter {
    let channel = "test"
    let account: String?
    let capabilities = ChannelCapabilities()
    var health: ChannelHealth { ChannelHealth(state: .connected) }

    func run(_ inbox: any ChannelInbox) async throws { try await hang() }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        SentMessage(platformMessageID: "1")
    }

    func setTyping(_ address: ChatAddress) async {}

    func openDM(_ user: UserID) async throws -> ChatAddress? {
        ChatAddress(channel: channel, platformID: "test:\(account ?? ""):\(user.native)")
    }
}

@Suite(.timeLimit(.minutes(1))) struct DirectMessagesTests {
    @Test func `whom a bot that is gone has reached is reached by another`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                @Sendable func chat(by accounts: String...) async -> String? {
                    let registry = ChannelRegistry([], time: host.runtime.time, logger: Logger(label: "test"))
                    for account in accounts { registry.add(Bot(account: account), named: account, title: nil) }
                    let messages = DirectMessages(
                        central: host.runtime.central,
                        registry: registry,
                        time: host.runtime.time,
                        logger: Logger(label: "test")
                    )
                    return await messages.address(of: UserID(channel: "test", native: "ann"))?.platformID
                }
                #expect(await chat(by: "one", "two") == "test:one:ann")
                // Where it was opened first it stays while it is served.
                #expect(await chat(by: "two", "one") == "test:one:ann")
                #expect(await chat(by: "two") == "test:two:ann")
                #expect(await chat(by: "one", "two") == "test:two:ann")
            }
        }
    }
}
