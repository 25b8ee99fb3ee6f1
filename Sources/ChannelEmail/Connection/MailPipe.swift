import NIOCore
import Synchronization

/// The bytes that a server has sent and nobody has read yet, and how the connection ended.
///
/// One reader; when too much waits, reading from the socket stops until it is taken.
final class MailPipe: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isPaused = false
        var end: MailError?
        var isOver = false
        var reader: CheckedContinuation<Void, Never>?

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }

    private static let most = 512 << 10

    private let state = Mutex(State())

    /// Adds bytes; true when reading is to stop.
    func add(_ bytes: some Sequence<UInt8>) -> Bool {
        let (reader, isPaused) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard !state.isOver else { return (nil, false) }
            state.waiting.append(contentsOf: bytes)
            if state.waiting.count >= Self.most { state.isPaused = true }
            return (state.takeReader(), state.isPaused)
        }
        reader?.resume()
        return isPaused
    }

    /// Notes the end once; nil is an end by the server.
    ///
    /// What was read before is still handed out.
    func finish(_ error: MailError?) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isOver else { return nil }
            state.isOver = true
            state.end = error
            return state.takeReader()
        }?.resume()
    }

    /// True when nothing waits to be read.
    var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

    /// Why the connection ended; nil while it stands and when the server closed it.
    var failure: MailError? { state.withLock { $0.end } }

    /// What has come, waiting for the first of it; nil after the end.
    ///
    /// `resume` lets the socket be read again.
    func take(_ resume: () -> Void) async throws(MailError) -> [UInt8]? {
        while true {
            let (bytes, wasPaused, isOver, end) = state.withLock { state -> ([UInt8], Bool, Bool, MailError?) in
                defer {
                    state.waiting = []
                    state.isPaused = false
                }
                return (state.waiting, state.isPaused, state.isOver, state.end)
            }
            if wasPaused { resume() }
            if !bytes.isEmpty { return bytes }
            if let end { throw end }
            if isOver { return nil }
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isReady = state.withLock { state in
                    if !state.waiting.isEmpty || state.isOver { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }
}

/// Puts what the socket brings into a ``MailPipe``.
final class MailPipeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pipe: MailPipe
    private let place: String

    init(_ pipe: MailPipe, place: String) {
        self.pipe = pipe
        self.place = place
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if pipe.add(unwrapInboundIn(data).readableBytesView) {
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pipe.finish(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        pipe.finish(MailLink.reading(error, place))
        context.close(promise: nil)
    }
}
