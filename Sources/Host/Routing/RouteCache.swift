import CentralStore
import ChannelKit
import Core

/// What the router has read of chats and people.
struct RouteCache: Sendable {
    private struct Key: Hashable {
        var chat: ChatAddress
        var sender: UserID?
    }

    private let known: CentralCache<Key, RouteFacts>

    init(central: CentralStore, time: any TimeSource) { known = CentralCache(central: central, time: time) }

    /// What decides where this message goes.
    func facts(_ event: InboundEvent, sender: UserID?, channelHasThreads: Bool) async throws -> RouteFacts {
        try await known.value(Key(chat: event.address.chat, sender: sender)) { facts in
            // Whether a mention still counts is a matter of the session, which changes with messages.
            !facts.candidates.contains { $0.wiring.engageModes.contains(.mentionSticky) }
        } read: { central in
            try await central.routeFacts(event, sender: sender, channelHasThreads: channelHasThreads)
        }
    }
}
