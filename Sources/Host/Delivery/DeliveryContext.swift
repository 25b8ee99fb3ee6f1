import Approvals
import CentralStore
import ChannelAccounts
import ChannelKit
import Core
import GRDB
import Logging
import SessionStoreHost

#if FAULTS
import CLinux
import Synchronization
#endif

/// What deliveries of all sessions share.
struct DeliveryContext: Sendable {
    let central: CentralStore
    let registry: ChannelRegistry
    let actions: HostActions
    let ledger: DirtyLedger
    let directMessages: DirectMessages
    let agents: AgentCourier
    let policy: DeliveryPolicy
    let drafts: DraftBoard
    let time: any TimeSource
    let logger: Logger
    let tasks: TaskScope
    /// Something stands in a drain's way.
    let found: @Sendable (SessionDelivery.Finding, SessionHandle) -> Void
    /// A row that starts a turn was written.
    let wake: @Sendable (SessionHandle) async -> Void
    /// A turn is over for those who look on.
    let announce: @Sendable (TurnLedger.Ended, SessionHandle) -> Void
    /// A message is about to be handed to its adapter.
    let handing: @Sendable (Delivery, SessionHandle) -> Void
    /// A message is with its platform.
    let delivered: @Sendable (Delivery, SessionHandle) -> Void

    var check: DeliveryCheck { DeliveryCheck(central: central, registry: registry) }

    /// How long the channel hides a repeat under the same key; zero when it does not or is not there, nil for ever.
    func repeatsHidden(_ address: ChatAddress?) -> Duration? {
        if address?.channel == ChatAddress.agents { return nil }
        guard let address, let adapter = registry.adapter(for: address) else { return .zero }
        return adapter.capabilities.repeatsHidden
    }

    /// Hands a message to its adapter, within the deadline.
    func send(_ message: OutboundMessage) async -> DeliveryAnswer {
        guard let adapter = registry.adapter(for: message.address) else {
            return .refused(ChannelError(.notConnected, "this host has no channel \"\(message.address.channel)\""))
        }
        #if FAULTS
        if let mistake = await deliverWrongly(message, by: adapter) { return mistake }
        #endif
        return await AdapterCall.deliver(message, by: adapter, time: time)
    }

    /// A chat in which an owner can be told, other than the one that failed; nil when there is none.
    func ownerAddress(_ failed: ChatAddress?) async -> ChatAddress? {
        let owners = try? await central.read { db in
            try ApproverDirectory.approvers(.owner, group: nil, db)
        }
        for owner in owners ?? [] {
            guard let address = await directMessages.address(of: owner), address.chat != failed?.chat else { continue }
            return address
        }
        return nil
    }
}

#if FAULTS
extension DeliveryContext {
    private static let handed = Atomic<Int>(0)

    /// The mistakes that the crash suite must find: every fifth message is not sent though it is said to be, or is
    /// sent twice.
    private func deliverWrongly(_ message: OutboundMessage, by adapter: any ChannelAdapter) async -> DeliveryAnswer? {
        let count = Self.handed.add(1, ordering: .relaxed).newValue
        guard count.isMultiple(of: 5) else { return nil }
        if clinux_is_mutant("drop") != 0 { return .sent(SentMessage(platformMessageID: nil)) }
        guard clinux_is_mutant("double") != 0 else { return nil }
        var copy = message
        copy.idempotencyKey += "-again"
        _ = await AdapterCall.deliver(copy, by: adapter, time: time)
        return nil
    }
}
#endif
