package import Core
import Synchronization

/// Brings what turns show to the clients that look at a chat; nothing ever depends on it.
package final class LiveHub: Sendable {
    /// Events that a slow reader may fall behind before it loses the oldest.
    private static let buffer = 1024

    private struct State {
        var nextID = 0
        var listeners: [ChatAddress: [Int: AsyncStream<ChatLiveEvent>.Continuation]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// What happens in a chat from now on, all its threads included; ends when the caller stops reading.
    package func listen(to address: ChatAddress) -> AsyncStream<ChatLiveEvent> {
        let chat = address.chat
        return AsyncStream(bufferingPolicy: .bufferingNewest(Self.buffer)) { continuation in
            let id = state.withLock { state in
                state.nextID += 1
                state.listeners[chat, default: [:]][state.nextID] = continuation
                return state.nextID
            }
            continuation.onTermination = { [weak self] _ in self?.remove(id, from: chat) }
        }
    }

    /// Shows an event to everybody who looks at this chat.
    package func publish(_ event: ChatLiveEvent, to address: ChatAddress) {
        let listeners = state.withLock { $0.listeners[address.chat].map { Array($0.values) } ?? [] }
        for listener in listeners { listener.yield(event) }
    }

    private func remove(_ id: Int, from chat: ChatAddress) {
        state.withLock { state in
            state.listeners[chat]?[id] = nil
            if state.listeners[chat]?.isEmpty == true { state.listeners[chat] = nil }
        }
    }
}
