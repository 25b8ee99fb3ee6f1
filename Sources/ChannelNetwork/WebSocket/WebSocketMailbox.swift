import Core
import NIOCore
import Synchronization

/// What the event loop has read and the reader has not taken yet, and how the connection stands.
///
/// When too much waits, reading from the socket stops until half of it is taken.
final class WebSocketMailbox: Sendable {
    private struct State {
        var waiting: [WebSocketMessage] = []
        /// Place of the next message in `waiting`.
        var next = 0
        var size = 0
        var isPaused = false
        var arrivals: UInt64 = 0
        var isClosing = false
        var isCloseSent = false
        var closing: WebSocketClose?
        var end: Result<Void, NetworkError>?
        var reader: CheckedContinuation<Void, Never>?

        var count: Int { waiting.count - next }

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }

    private static let countLimit = 64
    private static let sizeLimit = 1 << 20

    private let state = Mutex(State())

    /// Frames that have come so far.
    var arrivals: UInt64 { state.withLock { $0.arrivals } }
    /// Whether reading stands still because of us.
    var isPaused: Bool { state.withLock { $0.isPaused } }
    var closing: WebSocketClose? { state.withLock { $0.closing } }
    var isClosing: Bool { state.withLock { $0.isClosing || $0.end != nil } }

    func noteArrival() { state.withLock { $0.arrivals &+= 1 } }

    /// Adds a message; true when reading is to stop.
    func add(_ message: WebSocketMessage) -> Bool {
        let (reader, pause) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            // Who closes reads no more.
            guard state.end == nil, !state.isClosing else { return (nil, false) }
            state.waiting.append(message)
            state.size += message.size
            let pause = !state.isPaused && (state.count >= Self.countLimit || state.size >= Self.sizeLimit)
            if pause { state.isPaused = true }
            return (state.takeReader(), pause)
        }
        reader?.resume()
        return pause
    }

    /// Notes that we close; true for the first time while the connection stands.
    func beginClosing() -> Bool {
        state.withLock { state in
            guard !state.isClosing, state.end == nil else { return false }
            state.isClosing = true
            state.isPaused = false
            // What was not read is of no use any more, and its room is needed for the server's close frame.
            state.waiting = []
            (state.next, state.size) = (0, 0)
            return true
        }
    }

    /// Notes that a close frame goes out; false when one has gone already.
    func markCloseSent() -> Bool {
        state.withLock { state in
            defer { state.isCloseSent = true }
            return !state.isCloseSent
        }
    }

    /// Notes the end once; what was read before is still handed out.
    func finish(_ end: Result<Void, NetworkError>, _ closing: WebSocketClose) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.end == nil else { return nil }
            state.end = end
            state.closing = closing
            return state.takeReader()
        }?.resume()
    }

    /// The next message, nil after the server's close frame; `resume` lets the socket be read again.
    func take(_ resume: () -> Void) async throws(NetworkError) -> WebSocketMessage? {
        while true {
            if Task.isCancelled { throw NetworkError(.cancelled, "The reader of a WebSocket was cancelled") }
            let (message, isDrained, end) = state.withLock {
                state -> (WebSocketMessage?, Bool, Result<Void, NetworkError>?) in
                guard state.count > 0 else { return (nil, false, state.end) }
                let message = state.waiting[state.next]
                state.next += 1
                state.size -= message.size
                if state.count == 0 || state.next >= Self.countLimit {
                    state.waiting.removeFirst(state.next)
                    state.next = 0
                }
                let isDrained =
                    state.isPaused && state.count <= Self.countLimit / 2 && state.size <= Self.sizeLimit / 2
                if isDrained { state.isPaused = false }
                return (message, isDrained, nil)
            }
            if isDrained { resume() }
            if let message { return message }
            if let end {
                try end.get()
                return nil
            }
            try await wait()
        }
    }

    private func wait() async throws(NetworkError) {
        let isSecond = state.withLock { $0.reader != nil }
        guard !isSecond else { throw NetworkError(.protocolViolation, "A WebSocket has two readers: let one read") }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    guard state.count == 0, state.end == nil, state.reader == nil, !Task.isCancelled else {
                        return true
                    }
                    state.reader = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeReader() }?.resume()
        }
    }
}
