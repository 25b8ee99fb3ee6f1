import CentralStore
import ChannelAccounts
import ChannelKit
import Core

/// Whether somebody may speak to an agent in a chat, as the router would decide for a message of theirs.
struct ChatAccess: Sendable {
    let central: CentralStore
    let registry: ChannelRegistry
    let time: any TimeSource

    /// True when the access gate lets this person speak to that agent group in that chat.
    func admits(_ user: UserID, to group: AgentGroupID, in address: ChatAddress) async throws -> Bool {
        guard user.channel == address.channel else { return false }
        let event = InboundEvent(
            address: address,
            platformMessageID: "",
            sentAt: time.now,
            senderNativeID: user.native,
            content: ChatContent(text: "")
        )
        let facts = try await central.routeFacts(
            event,
            sender: user,
            channelHasThreads: registry.adapter(for: address)?.capabilities.threads ?? true
        )
        return RouteDecider.admits(group, event, facts)
    }
}
