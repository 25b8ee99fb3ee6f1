import Core
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Plain HTTP/1.1 to the runner's own listener; a turn's next request takes the connection of the one before.
final class HTTPStreamClient: Sendable {
    /// One thread for all requests of the process; it ends with it.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let endpoint: ModelEndpoint
    private let timeouts: ModelTimeouts
    private let time: any TimeSource
    private let kept: KeptConnection

    init(endpoint: ModelEndpoint, timeouts: ModelTimeouts, time: any TimeSource = SystemTime()) {
        self.endpoint = endpoint
        self.timeouts = timeouts
        self.time = time
        kept = KeptConnection(for: timeouts.kept)
    }

    /// Sends the request at once; the stream ends after the parser's last event or with a ``ModelError``.
    func stream(_ exchange: HTTPExchange) -> DirectStream<ModelEvent> {
        DirectStream { continuation in
            let connection = Connection()
            // One that has ended closes its connection or keeps it by itself.
            continuation.onCancel { connection.close() }
            attempt(exchange, on: connection, continuation)
        }
    }

    private func attempt(
        _ exchange: HTTPExchange,
        on connection: Connection,
        _ continuation: DirectStream<ModelEvent>.Continuation,
        isAgain: Bool = false
    ) {
        let address: SocketAddress
        do {
            address = try SocketAddress(ipAddress: endpoint.address, port: endpoint.port)
        } catch {
            continuation.finish(throwing: ModelError(.network, "\(endpoint.address) is no numeric address."))
            return
        }
        let reused = isAgain ? nil : kept.take()
        let ending: ExchangeHandler.Ending = { [self] error in
            // A stream that was let go of closes its connection before it counts as ended: that is no error of it.
            guard let error, !connection.isClosed else { return continuation.finish() }
            if reused != nil, error.code == .network {
                // It was closed from the other side just then.
                attempt(exchange, on: connection, continuation, isAgain: true)
            } else if let body = exchange.secondTry?(error) {
                var again = exchange
                again.body = body
                again.secondTry = nil
                attempt(again, on: connection, continuation)
            } else {
                continuation.finish(throwing: error)
            }
        }
        let head = head(for: exchange)
        let handler: @Sendable () -> ExchangeHandler = { [self] in
            ExchangeHandler(
                head: head,
                body: exchange.body,
                parser: exchange.makeParser(),
                timeouts: timeouts,
                time: time,
                emit: { continuation.yield($0) },
                ending: ending,
                keep: { [kept] channel in
                    // From here on it is the next request's, whatever becomes of this stream.
                    if connection.release() { kept.keep(channel) } else { channel.close(promise: nil) }
                }
            )
        }
        if let reused {
            connection.take(reused)
            reused.eventLoop.execute {
                do {
                    try reused.pipeline.syncOperations.addHandler(handler())
                    if !reused.isActive { ending(ModelError(.network, "The connection to the model was closed.")) }
                } catch {
                    ending(ModelError(.network, "The connection to the model was closed.", cause: "\(error)"))
                }
            }
            return
        }
        ClientBootstrap(group: Self.loops)
            .connectTimeout(.nanoseconds(timeouts.connect.nanoseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    connection.take(channel)
                case .failure(let error):
                    continuation.finish(
                        throwing: ModelError(
                            .network,
                            "The way to the model is closed: the host does not answer.",
                            cause: "\(error)"
                        )
                    )
                }
            }
    }

    private func head(for exchange: HTTPExchange) -> HTTPRequestHead {
        var headers = HTTPHeaders([
            ("host", "\(endpoint.address):\(endpoint.port)"),
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
            ("content-length", String(exchange.body.count)),
        ])
        for (name, value) in exchange.headers { headers.add(name: name, value: value) }
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: endpoint.path + exchange.path, headers: headers)
    }
}

/// The channel of a request, so that letting go of the stream closes it whenever that happens.
private final class Connection: Sendable {
    private struct State {
        var channel: (any Channel)?
        var isClosed = false
    }
    private let state = Mutex(State())

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func take(_ channel: any Channel) {
        let isClosed = state.withLock { state in
            state.channel = channel
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    /// Lets the channel go; false when it was closed before.
    func release() -> Bool {
        state.withLock { state in
            state.channel = nil
            return !state.isClosed
        }
    }

    func close() {
        let channel = state.withLock { state in
            state.isClosed = true
            return state.channel
        }
        channel?.close(promise: nil)
    }
}

extension Duration {
    /// Whole nanoseconds, at most 292 years.
    var nanoseconds: Int64 {
        let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole + components.attoseconds / 1_000_000_000
    }
}
