import CentralStore
import ChannelAccounts
import ChannelKit
import Core
import Logging

/// The direct chat with a person: asked of the channel once, then kept until a message cannot be sent there.
struct DirectMessages: Sendable {
    /// The longest that a channel may take to open a chat with somebody.
    private static let patience: Duration = .seconds(30)

    private let central: CentralStore
    private let registry: ChannelRegistry
    private let time: any TimeSource
    private let logger: Logger

    init(central: CentralStore, registry: ChannelRegistry, time: any TimeSource, logger: Logger) {
        self.central = central
        self.registry = registry
        self.time = time
        self.logger = logger
    }

    /// Where this handle is reached; nil when its channel is not there, has no direct chats or cannot say now.
    func address(of user: UserID) async -> ChatAddress? {
        let adapters = registry.adapters(of: user.channel)
        guard !adapters.isEmpty else { return nil }
        if let known = try? await central.read({ db in try UserDM.address(of: user, db) }),
            registry.adapter(for: known) != nil
        {
            return known
        }
        // Of several accounts the first that the person can be reached from.
        for adapter in adapters {
            do {
                if let address = try await open(user, by: adapter) { return address }
            } catch {
                logger.warning("A direct chat was not opened", metadata: ["user": "\(user)", "error": "\(error)"])
            }
        }
        return nil
    }

    private func open(_ user: UserID, by adapter: any ChannelAdapter) async throws -> ChatAddress? {
        let opened = try await Deadline.run(Self.patience, time) { try await adapter.openDM(user) }
        guard let opened else {
            throw HostError(.unavailable, "the channel did not answer within \(Self.patience.components.seconds) s")
        }
        guard let address = opened else { return nil }
        let now = time.now
        return try await central.write { db in
            try UserDM.remember(user, address.chat, now: now, db) ? address : nil
        }
    }

    /// Where a human is reached by any of their handles; those of `channel` are tried first.
    func address(ofAnyHandleOf user: UserID, preferring channel: String? = nil) async -> ChatAddress? {
        let handles = (try? await central.read { db in try Identity.handles(of: user, db) }) ?? [user]
        let first = handles.filter { $0.channel == channel }
        for handle in first + handles.filter({ $0.channel != channel }) {
            if let address = await address(of: handle) { return address }
        }
        return nil
    }

    /// A message could not be sent to this chat: whoever was reached there is looked for anew.
    func forget(_ address: ChatAddress) async {
        do {
            try await central.write(changesRouting: false) { db in try UserDM.forget(at: address, db) }
        } catch {
            logger.warning("A direct chat was not forgotten", metadata: ["chat": "\(address)", "error": "\(error)"])
        }
    }
}
