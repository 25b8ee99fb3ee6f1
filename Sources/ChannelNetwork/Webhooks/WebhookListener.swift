import Core
import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The one HTTP listener for webhooks of all channels: `GET` and `POST` at `/hooks/<path>`.
///
/// It speaks plain HTTP, by default on loopback: TLS is the reverse proxy's. It listens once the first path is there,
/// so that a home without webhooks has no open port.
package final class WebhookListener: Sendable {
    private let options: WebhookOptions
    private let logger: Logger
    private let routes = WebhookRoutes()
    private let bound = Latch<Int>()

    /// `logger` gets one line when it listens, and warnings.
    package init(_ options: WebhookOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    /// Serves a path, at once and until it is removed.
    ///
    /// The path is one or more segments of letters, digits and `-._~`, at most 200 characters, such as
    /// `github/main`. Throws `invalidURL` for another, or for one that is taken.
    package func add(_ path: String, handler: @escaping WebhookHandler) throws(NetworkError) {
        try routes.add(path, handler)
    }

    /// Stops serving a path; requests under way are still answered.
    package func remove(_ path: String) { routes.remove(path) }

    /// The port, once it listens; throws what keeps it from that, or when the task is cancelled.
    package var port: Int {
        get async throws { try await bound.value() }
    }

    /// Listens until the task is cancelled, then lets requests under way end.
    ///
    /// Throws `cannotConnect` when the address cannot be had. It runs once.
    package func run() async throws {
        do {
            try await routes.first.value()
        } catch {
            bound.fail(error)
            return
        }
        let server = makeServer()
        // Its own task: when ours is cancelled, requests under way shall end first.
        let serving = Task { try await server.run() }
        let result = await withTaskCancellationHandler {
            await serving.result
        } onCancel: {
            Task { [grace = options.grace] in
                let limit = Task {
                    try await Task.sleep(for: grace)
                    serving.cancel()
                }
                try? await server.shutdownGracefully()
                limit.cancel()
            }
        }
        switch result {
        case .success: bound.fail(CancellationError())
        case .failure(let error):
            if Task.isCancelled { return bound.fail(CancellationError()) }
            let message =
                "The webhooks cannot be listened for at \(options.host):\(options.port): \(error). "
                + "Is the port taken, or the address not this machine's?"
            let failure = NetworkError(.cannotConnect, message)
            bound.fail(failure)
            throw failure
        }
    }

    private func makeServer() -> Server<HTTP1Channel> {
        let limit = options.bodyTime
        var channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [SlowBodyGuard(limit: TimeAmount(limit)), WriteWatch()],
            idleTimeout: TimeAmount(options.headLimit)
        )
        channel.httpDecoder = .init(maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)
        let responder = WebhookResponder(routes: routes, options: options)
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return Server(
            childChannelSetup: HTTP1Channel(
                responder: { request, writer, channel in
                    try await responder.answer(request, writer, channel)
                },
                configuration: channel
            ),
            configuration: ServerConfiguration(
                address: .hostname(options.host, port: options.port),
                availableConnectionsDelegate: MaximumAvailableConnections(options.connections, logger: logger)
            ),
            onServerRunning: { [bound, options, logger = self.logger] channel in
                let port = channel.localAddress?.port ?? options.port
                logger.info("Webhooks are listened for", metadata: ["address": "\(options.host):\(port)"])
                bound.set(port)
            },
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            logger: logger
        )
    }
}
