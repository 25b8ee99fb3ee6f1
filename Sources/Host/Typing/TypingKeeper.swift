import ChannelKit
import Core
import Synchronization

/// Shows people that their agent is at work, as long as it is.
final class TypingKeeper: Sendable {
    private struct Shown: Sendable {
        var address: ChatAddress
        var state: TypingState
        /// Which task shows it: an earlier one of the session ends itself.
        let number: Int
    }

    private let registry: ChannelRegistry
    private let time: any TimeSource
    private let tasks: TaskScope
    private let works: @Sendable (SessionID) -> Bool
    private let shown = Mutex<[SessionID: Shown]>([:])
    private let count = Atomic<Int>(0)

    /// `works` says whether the session's runner is heard.
    init(
        registry: ChannelRegistry,
        time: any TimeSource,
        tasks: TaskScope,
        works: @escaping @Sendable (SessionID) -> Bool
    ) {
        self.registry = registry
        self.time = time
        self.tasks = tasks
        self.works = works
    }

    /// A message has engaged the session's agent in this chat.
    ///
    /// While it is shown, the first chat stays.
    func started(_ handle: SessionHandle, at address: ChatAddress) {
        guard registry.adapter(address.channel)?.capabilities.typing != false else { return }
        let now = time.monotonic
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let isFirst = shown.withLock { shown in
            if shown[handle.id] != nil {
                shown[handle.id]?.state.inbound(at: now)
                return false
            }
            shown[handle.id] = Shown(address: address, state: TypingState(startedAt: now), number: number)
            return true
        }
        if isFirst { tasks.add { await self.keep(handle.id, number) } }
    }

    /// Something of the agent's has become visible.
    func delivered(_ session: SessionID) {
        let now = time.monotonic
        shown.withLock { $0[session]?.state.delivered(at: now) }
    }

    /// The turn is over, the runner is gone, or it could not be started.
    func stop(_ session: SessionID) { shown.withLock { $0[session] = nil } }

    private func keep(_ session: SessionID, _ number: Int) async {
        while true {
            let now = time.monotonic
            let works = works(session)
            let next = shown.withLock { shown -> (TypingState.Action, ChatAddress)? in
                guard var entry = shown[session], entry.number == number else { return nil }
                let action = entry.state.look(at: now, works: works)
                shown[session] = action == .stop ? nil : entry
                return (action, entry.address)
            }
            guard let (action, address) = next, action != .stop else { return }
            if action == .show { await registry.adapter(address.channel)?.setTyping(address) }
            guard (try? await time.sleep(for: .seconds(1))) != nil else { return }
        }
    }
}
