import ChannelKit
import Core

/// Stands for an account that is stored and cannot be run: what is for it waits, and status says why.
struct BrokenChannel: ChannelAdapter {
    let channel: String
    let account: String?
    let reason: String
    let capabilities = ChannelCapabilities()

    var health: ChannelHealth { ChannelHealth(state: .disconnected, detail: reason) }

    func run(_ inbox: any ChannelInbox) async throws {
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        throw ChannelError(.notConnected, reason)
    }

    func setTyping(_ address: ChatAddress) async {}

    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}
