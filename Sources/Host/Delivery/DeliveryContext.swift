import CentralStore
import ChannelKit
import Core
import GRDB
import Logging
import SessionStoreHost

/// What deliveries of all sessions share.
struct DeliveryContext: Sendable {
    let central: CentralStore
    let registry: ChannelRegistry
    let policy: DeliveryPolicy
    let time: any TimeSource
    let logger: Logger
    let tasks: TaskScope
    /// Something stands in a drain's way.
    let found: @Sendable (SessionDelivery.Finding, SessionHandle) -> Void
    /// A turn is over for those who look on.
    let announce: @Sendable (TurnLedger.Ended, SessionHandle) -> Void
    /// A message is about to be handed to its adapter.
    let handing: @Sendable (Delivery, SessionHandle) -> Void
    /// A message is with its platform.
    let delivered: @Sendable (Delivery, SessionHandle) -> Void

    var check: DeliveryCheck { DeliveryCheck(central: central, registry: registry) }

    /// True when the channel shows a message with the same key once.
    func hasKeys(_ address: ChatAddress?) -> Bool {
        address.flatMap { registry.adapter($0.channel) }?.capabilities.idempotencyKeys ?? false
    }

    /// Hands a message to its adapter, within the deadline.
    func send(_ message: OutboundMessage) async -> DeliveryAnswer {
        guard let adapter = registry.adapter(message.address.channel) else {
            return .refused(ChannelError(.notConnected, "this host has no channel \"\(message.address.channel)\""))
        }
        return await AdapterCall.deliver(message, by: adapter, within: policy.answerWithin, time: time)
    }

    /// A chat in which an owner can be told, other than the one that failed; nil when there is none.
    func ownerAddress(_ failed: ChatAddress?) async -> ChatAddress? {
        let owners = try? await central.read { db in
            try UserID.fetchAll(
                db,
                sql: "SELECT user_id FROM user_roles WHERE role = 'owner' ORDER BY granted_at, user_id"
            )
        }
        for owner in owners ?? [] {
            guard let adapter = registry.adapter(owner.channel) else { continue }
            guard let address = try? await adapter.openDM(owner), address.chat != failed?.chat else { continue }
            return address
        }
        return nil
    }
}
