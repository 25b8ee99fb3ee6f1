import ChannelAccounts
import ChannelKit
import Core
import Synchronization

/// Shows people that their agent is at work, as long as it is.
final class TypingKeeper: Sendable {
    private struct Shown: Sendable {
        var address: ChatAddress
        var state: TypingState
        /// The turn that works at it; nil until one has begun.
        var turn: TurnID?
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

    /// A message has engaged the session's agent in this chat, or a turn works at what was written there.
    ///
    /// While it is shown, the first chat stays. Turns are what a sandbox says: one that it only claims is shown until its
    /// runner ends.
    func started(_ session: SessionID, at address: ChatAddress, turn: TurnID? = nil) {
        guard registry.adapter(for: address)?.capabilities.typing != false else { return }
        let now = time.monotonic
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let isFirst = shown.withLock { shown in
            if shown[session] != nil {
                if let turn {
                    shown[session]?.turn = turn
                } else {
                    shown[session]?.state.inbound(at: now)
                }
                return false
            }
            shown[session] = Shown(address: address, state: TypingState(startedAt: now), turn: turn, number: number)
            return true
        }
        if isFirst { tasks.add { await self.keep(session, number, at: address) } }
    }

    /// Something of the agent's has become visible.
    func delivered(_ session: SessionID) {
        let now = time.monotonic
        shown.withLock { $0[session]?.state.delivered(at: now) }
    }

    /// The runner is gone, or it could not be started.
    func stop(_ session: SessionID) { shown.withLock { $0[session] = nil } }

    /// The turn is over; another one may work already.
    func stop(_ session: SessionID, turn: TurnID) {
        shown.withLock { shown in
            guard let entry = shown[session], entry.turn == nil || entry.turn == turn else { return }
            shown[session] = nil
        }
    }

    private func keep(_ session: SessionID, _ number: Int, at address: ChatAddress) async {
        while true {
            let now = time.monotonic
            let works = works(session)
            let action = shown.withLock { shown -> TypingState.Action? in
                guard var entry = shown[session] else { return .stop }
                guard entry.number == number else { return entry.address == address ? nil : .stop }
                let action = entry.state.look(at: now, works: works)
                shown[session] = action == .stop ? nil : entry
                return action
            }
            switch action {
            case nil: return
            case .stop:
                await registry.adapter(for: address)?.endTyping(address)
                return
            case .show: await registry.adapter(for: address)?.setTyping(address)
            case .wait: break
            }
            guard (try? await time.sleep(for: .seconds(1))) != nil else { return }
        }
    }
}
