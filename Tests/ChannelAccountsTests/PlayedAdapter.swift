import ChannelKit
import Core
import Synchronization
import Testing

/// An adapter whose lives a test plays: each goes as the test says, and is written down.
final class PlayedAdapter: ChannelAdapter {
    /// How a life goes.
    enum Life: Sendable {
        /// It throws at once.
        case fails
        /// It returns at once.
        case returns
        /// It lasts until it is cancelled or ``PlayedAdapter/fail()`` is called.
        case lasts
        /// It lasts, and when it is cancelled until ``PlayedAdapter/letGo()`` is called.
        case clings
    }

    struct Failure: Error, CustomStringConvertible { let description = "it was told to fail" }

    let channel: String
    let account: String?
    let capabilities: ChannelCapabilities
    var health: ChannelHealth { ChannelHealth(state: .connected) }

    private struct State {
        var failure: AsyncStream<Void>.Continuation?
    }

    private let name: String
    private let life: Life
    private let state = Mutex(State())
    private let shared: Diary
    private let release = AsyncStream.makeStream(of: Void.self)

    init(
        _ name: String,
        account: String? = nil,
        life: Life,
        diary: Diary = Diary(),
        capabilities: ChannelCapabilities = ChannelCapabilities()
    ) {
        channel = "played"
        self.account = account
        self.name = name
        self.life = life
        self.capabilities = capabilities
        shared = diary
    }

    /// Lives that have begun.
    var lives: Int { shared.lines.count { $0 == "\(name) begins" } }

    /// Ends the current life with an error.
    func fail() { state.withLock { $0.failure }?.finish() }

    /// Lets a clinging life end.
    func letGo() { release.continuation.finish() }

    func run(_ inbox: any ChannelInbox) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        // Before anybody sees that it lives: whoever does may end it.
        state.withLock { $0.failure = continuation }
        shared.write("\(name) begins")
        defer { shared.write("\(name) ends") }
        switch life {
        case .fails: throw Failure()
        case .returns: return
        case .lasts, .clings:
            for await _ in stream {}
            if life == .clings {
                // Not a child of this task: it is cancelled already.
                let released = release.stream
                await Task { for await _ in released {} }.value
            }
            try Task.checkCancellation()
            throw Failure()
        }
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        SentMessage(platformMessageID: message.idempotencyKey)
    }

    func setTyping(_ address: ChatAddress) async {}
    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}

/// What happened, in order, over several adapters.
final class Diary: Sendable {
    private struct State {
        var lines: [String] = []
        var waiters: [(id: Int, line: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }

    func write(_ line: String) {
        let ready = state.withLock { state in
            state.lines.append(line)
            let lines = state.lines
            let ready = state.waiters.filter { waiter in lines.count { $0 == waiter.line } >= waiter.count }
            state.waiters.removeAll { waiter in lines.count { $0 == waiter.line } >= waiter.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns once a line was written so many times; fails the test when it is not within 20 s.
    func wait(for line: String, count: Int = 1, at place: SourceLocation = #_sourceLocation) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let net = Task {
            // Real time: what a broken build never writes must not hang the run.
            try await Task.sleep(for: .seconds(20))
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
            }
            guard let waiter else { return }
            Issue.record("\"\(line)\" was not written \(count) times: \(lines)", sourceLocation: place)
            waiter.resume()
        }
        defer { net.cancel() }
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.lines.count(where: { $0 == line }) >= count { return true }
                state.waiters.append((id, line, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
