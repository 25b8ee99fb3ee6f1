import CentralStore
import ChannelKit
import Core
import Synchronization

/// What the router has read of chats and people, for as long as no write may have changed it.
///
/// The host is the only writer of the central database, and a write that changes routing raises its number before it
/// returns: whoever was told of a change sees it with the next message. What another program did to the file by hand
/// shows after five seconds.
final class RouteCache: Sendable {
    private struct Key: Hashable {
        var chat: ChatAddress
        var sender: UserID?
    }

    private struct Entry {
        var facts: RouteFacts
        var version: UInt64
        var readAt: Duration
    }

    private static let most = 10_000
    private static let longest = Duration.seconds(5)

    private let central: CentralStore
    private let time: any TimeSource
    private let entries = Mutex<[Key: Entry]>([:])

    init(central: CentralStore, time: any TimeSource) {
        self.central = central
        self.time = time
    }

    /// What decides where this message goes.
    func facts(_ event: InboundEvent, sender: UserID?, channelHasThreads: Bool) async throws -> RouteFacts {
        let key = Key(chat: event.address.chat, sender: sender)
        let now = time.monotonic
        // Read before the look: a change between the two makes the entry stale, never wrong.
        let version = central.routingVersion
        let known = entries.withLock { $0[key] }
        if let known, known.version == version, now - known.readAt < Self.longest { return known.facts }
        let facts = try await central.routeFacts(event, sender: sender, channelHasThreads: channelHasThreads)
        // Whether a mention still counts is a matter of the session, which changes with messages.
        guard !facts.candidates.contains(where: { $0.wiring.engageModes.contains(.mentionSticky) }) else {
            return facts
        }
        entries.withLock { entries in
            if entries.count >= Self.most { entries.removeAll() }
            entries[key] = Entry(facts: facts, version: version, readAt: now)
        }
        return facts
    }
}
