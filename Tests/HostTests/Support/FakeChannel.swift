import ChannelKit
import Core
import Synchronization
import Testing

/// A channel that keeps what it was given and answers as it is told.
final class FakeChannel: ChannelAdapter {
    let channel: String
    let capabilities: ChannelCapabilities
    var health: ChannelHealth { ChannelHealth(state: .connected) }

    private struct State {
        var sent: [OutboundMessage] = []
        var typed: [ChatAddress] = []
        var ended: [ChatAddress] = []
        var waiters: [(id: Int, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var lastWaiter = 0
    }
    private let state = Mutex(State())
    private let answer: @Sendable (OutboundMessage) async throws(ChannelError) -> SentMessage
    private let dm: @Sendable (UserID) -> String?

    init(
        _ channel: String = "test",
        capabilities: ChannelCapabilities = ChannelCapabilities(
            edits: true,
            reactions: true,
            idempotencyKeys: true,
            files: true
        ),
        dm: String? = nil,
        answer: @escaping @Sendable (OutboundMessage) async throws(ChannelError) -> SentMessage = { message in
            SentMessage(platformMessageID: "sent-\(message.idempotencyKey)")
        },
        dms: (@Sendable (UserID) -> String?)? = nil
    ) {
        self.channel = channel
        self.capabilities = capabilities
        self.dm = dms ?? { _ in dm }
        self.answer = answer
    }

    var sent: [OutboundMessage] { state.withLock { $0.sent } }

    /// Where typing was shown, in order.
    var typed: [ChatAddress] { state.withLock { $0.typed } }

    /// Where typing ended, in order.
    var ended: [ChatAddress] { state.withLock { $0.ended } }

    var texts: [String] {
        sent.compactMap { message in
            guard case .text(let text, _) = message.body else { return nil }
            return text
        }
    }

    /// Returns once this many messages were handed over; fails the test when they are not within 30 s.
    func waitForSent(_ count: Int, at place: SourceLocation = #_sourceLocation) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let net = Task {
            try await Task.sleep(for: .seconds(30))
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
            }
            if let waiter {
                Issue.record("\(sent.count) of \(count) messages were sent: \(texts)", sourceLocation: place)
                waiter.resume()
            }
        }
        defer { net.cancel() }
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sent.count >= count { return true }
                state.waiters.append((id, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func run(_ inbox: any ChannelInbox) async throws {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let ready = state.withLock { state in
            state.sent.append(message)
            let ready = state.waiters.filter { $0.count <= state.sent.count }.map(\.continuation)
            state.waiters.removeAll { $0.count <= state.sent.count }
            return ready
        }
        for waiter in ready { waiter.resume() }
        return try await answer(message)
    }

    func setTyping(_ address: ChatAddress) async { state.withLock { $0.typed.append(address) } }

    func endTyping(_ address: ChatAddress) async { state.withLock { $0.ended.append(address) } }

    func openDM(_ user: UserID) async throws -> ChatAddress? {
        dm(user).map { ChatAddress(channel: channel, platformID: $0) }
    }
}
