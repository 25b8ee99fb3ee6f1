import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that takes one request after the other and answers each with bytes as given.
package final class RawServer: Sendable {
    /// What to do once a request has come.
    package enum Reply: Sendable {
        /// Send these bytes, then close.
        case bytes(String)
        /// Send these bytes and keep the connection.
        case open(String)
    }

    private let channel: any Channel
    private let state: Mutex<State>
    /// Where it listens.
    package let port: Int

    private struct State {
        var replies: [Reply]
        var requests: [String] = []
        var connections = 0
        var arrived: AsyncStream<Void>.Continuation
        var closed: AsyncStream<Void>.Continuation
    }

    /// Signals each request.
    package let arrivals: AsyncStream<Void>

    /// Signals each connection that the client has closed.
    package let closings: AsyncStream<Void>

    /// The requests so far, each with its body.
    package var requests: [String] { state.withLock { $0.requests } }

    /// The connections so far.
    package var connections: Int { state.withLock { $0.connections } }

    private init(_ channel: any Channel, _ port: Int, _ replies: [Reply]) {
        self.channel = channel
        self.port = port
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let (closings, closed) = AsyncStream<Void>.makeStream()
        self.arrivals = arrivals
        self.closings = closings
        state = Mutex(State(replies: replies, arrived: arrived, closed: closed))
    }

    /// Serves these replies in order, the last one for ever, while the body runs.
    package static func with<Result>(
        _ replies: Reply...,
        body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let box = Mutex<RawServer?>(nil)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(server: box.withLock { $0 }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = RawServer(channel, channel.localAddress?.port ?? 0, replies)
        box.withLock { $0 = server }
        let result: Result
        do {
            result = try await body(server)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
        return result
    }

    fileprivate func take(_ request: String) -> Reply {
        state.withLock { state in
            state.requests.append(request)
            state.arrived.yield()
            return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
        }
    }

    fileprivate func noteOpening() { state.withLock { $0.connections += 1 } }

    fileprivate func noteClosing() { state.withLock { _ = $0.closed.yield() } }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: RawServer?
    private var request = ""

    init(server: RawServer?) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        server?.noteOpening()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        request += String(buffer: unwrapInboundIn(data))
        guard let end = request.firstRange(of: "\r\n\r\n"), let server else { return }
        let length =
            request[..<end.lowerBound].lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        guard request[end.upperBound...].utf8.count >= length else { return }
        let reply = server.take(request)
        request = ""
        switch reply {
        case .open(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .bytes(let text):
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.value.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                context.value.close(promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server?.noteClosing()
    }
}
