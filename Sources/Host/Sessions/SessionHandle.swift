package import CentralStore
package import Core
package import SessionStore
package import SessionStoreHost
import Synchronization

/// A session that the host has open: what never changes about it, its store, and what the host remembers of it.
package final class SessionHandle: Sendable {
    package let id: SessionID
    package let agentGroup: AgentGroupID
    /// Folder below `groups/`.
    package let groupFolder: String
    /// The chat that the session belongs to, with its thread; nil for a session of all chats of an agent.
    package let origin: ChatAddress?
    package let mode: SessionMode
    package let folder: SessionFolder
    package let store: HostSession

    private struct State {
        var status: SessionStatus
        var isEngaged: Bool
        var agentName: String
        var queueMode: QueueMode?
        /// Where the messages came from that a turn may still be about, newest last.
        var origins: [MessageID: MessageOrigin] = [:]
        var order: [MessageID] = []
        var destinations: [String: ChatAddress] = [:]
        var audience: Set<ChatAddress> = []
        /// Where the newest claimed message of each chat stands, with its thread.
        var places: [ChatAddress: ChatAddress] = [:]
        var toldWaitAt: Duration?
        var stops = 0
        var setAsides = 0
    }

    /// Where a message came from, as clients know it.
    struct MessageOrigin: Sendable {
        var address: ChatAddress?
        var platformMessageID: String?
        var isGroup = false
    }

    private let state: Mutex<State>

    /// How often its message file was set aside since a runner of it has last ended cleanly.
    var setAsides: Int {
        get { state.withLock { $0.setAsides } }
        set { state.withLock { $0.setAsides = newValue } }
    }

    init(_ facts: SessionFacts, folder: SessionFolder, store: HostSession) {
        id = facts.session.id
        agentGroup = facts.session.agentGroupID
        groupFolder = facts.group.folder
        mode = facts.session.mode
        origin = facts.chat.map {
            ChatAddress(channel: $0.channelType, platformID: $0.platformID, thread: facts.session.threadID)
        }
        self.folder = folder
        self.store = store
        state = Mutex(
            State(
                // What is closed for want of messages is opened by the mark that comes before any new one.
                status: facts.session.reopens ? .active : facts.session.status,
                isEngaged: facts.session.engagedAt != nil,
                agentName: facts.group.name
            )
        )
    }

    /// As last written to the central database by this host.
    package var status: SessionStatus {
        get { state.withLock { $0.status } }
        set { state.withLock { $0.status = newValue } }
    }

    /// The name the agent goes by.
    package var agentName: String {
        get { state.withLock { $0.agentName } }
        set { state.withLock { $0.agentName = newValue } }
    }

    /// True the first time it is asked to be remembered.
    func becomesEngaged() -> Bool {
        state.withLock { state in
            if state.isEngaged { return false }
            state.isEngaged = true
            return true
        }
    }

    /// How the wiring that was used last wants messages queued; true when that is a change.
    func setQueueMode(_ mode: QueueMode) -> Bool {
        state.withLock { state in
            defer { state.queueMode = mode }
            return state.queueMode != nil && state.queueMode != mode
        }
    }

    var queueMode: QueueMode? { state.withLock { $0.queueMode } }

    /// Keeps where a message came from; of the last 500.
    func remember(_ message: MessageID, _ origin: MessageOrigin) {
        state.withLock { state in
            if state.origins.updateValue(origin, forKey: message) == nil { state.order.append(message) }
            if state.order.count > 500 {
                for old in state.order.prefix(100) { state.origins[old] = nil }
                state.order.removeFirst(100)
            }
        }
    }

    /// Lets go of where messages came from whose turn is over.
    func forget(_ messages: [MessageID]) {
        state.withLock { state in
            for message in messages { state.origins[message] = nil }
            let kept = state.origins
            state.order.removeAll { kept[$0] == nil }
        }
    }

    func origin(of message: MessageID) -> MessageOrigin? { state.withLock { $0.origins[message] } }

    /// The names that the agent's turns use for chats, as last brought to its runner.
    var destinations: [String: ChatAddress] { state.withLock { $0.destinations } }

    /// A turn has claimed these messages: those who look at their chats see it.
    ///
    /// Answers with where people wait for its answer.
    func turnStarted(_ messages: [MessageID]) -> Set<ChatAddress> {
        let chats = state.withLock { state -> [ChatAddress] in
            let origins = messages.prefix(100).compactMap { state.origins[$0] }
            let addresses = origins.compactMap(\.address)
            state.audience = Set(addresses.map(\.chat))
            if state.places.count > 100 { state.places = [:] }
            for address in addresses { state.places[address.chat] = address }
            return origins.filter { $0.platformMessageID != nil }.compactMap(\.address)
        }
        return Set(chats.map { place(of: $0) })
    }

    /// Where in a chat the running turn answers: the thread of the newest message there, or of the session.
    func place(of chat: ChatAddress) -> ChatAddress {
        if let origin, origin.chat == chat.chat, mode == .perThread { return origin }
        return state.withLock { $0.places[chat.chat] } ?? chat
    }

    /// The chats that the running turn is about: the session's own, and those of the messages it has claimed.
    var audience: Set<ChatAddress> {
        let chats = state.withLock { $0.audience }
        return origin.map { chats.union([$0.chat]) } ?? chats
    }

    /// How often the conversation was stopped or begun anew: a request of before asks nobody any more.
    var stops: Int { state.withLock { $0.stops } }
    func noteStop() { state.withLock { $0.stops += 1 } }

    /// True once a minute: people may be told that the runner waits.
    func mayTellWait(at now: Duration) -> Bool {
        state.withLock { state in
            if let toldWaitAt = state.toldWaitAt, now - toldWaitAt < .seconds(60) { return false }
            state.toldWaitAt = now
            return true
        }
    }

    /// Remembers what a runner is told that the host needs too.
    func adopt(_ projection: SessionProjection) {
        state.withLock { state in
            state.agentName = projection.configuration.agentName
            state.destinations = Dictionary(
                projection.destinations.compactMap { destination in
                    guard case .chat(let address) = destination.target else { return nil }
                    return (destination.name, address)
                },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }
}

extension SessionHandle {
    /// Stores a row that must not be lost; `endBlocking` ends the session's runner.
    ///
    /// A runner that keeps its database locked for a second loses its life, not the message.
    func insert(
        _ row: NewInbound,
        time: any TimeSource,
        _ endBlocking: () async -> Void
    ) async throws -> InsertOutcome {
        let start = time.monotonic
        while true {
            do {
                return try await store.insert([row])[0]
            } catch let error as SessionStore.StoreError where error.code == .busy {
                let blocked = time.monotonic - start
                guard blocked < .seconds(6) else { throw error }
                if blocked >= .seconds(1) { await endBlocking() }
                // The lock is another process's: nothing tells when it is gone.
                try await time.sleep(for: .milliseconds(10))
            }
        }
    }
}
