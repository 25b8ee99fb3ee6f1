import AsyncHTTPClient
import Dispatch
package import LinuxIO
package import Logging
import NIOCore

/// The runners' way to their models: plain HTTP on each sandbox's own listener, on to the model servers with the key.
///
/// One for all sessions: it keeps the connections to the servers. A request that comes over a session's listener is
/// that session's; nothing that it says is taken for an identity.
package final class ModelRoute: Sendable {
    /// Finds a profile by its name, for every request anew; nil when there is none.
    ///
    /// An error's text is told to the runner.
    package typealias Lookup = @Sendable (_ profile: String) async throws -> ModelUpstream?

    private let client: HTTPClient

    package init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)),
            decompression: .disabled
        )
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        // A closed port is told at once; the runner tries again by its own rules.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroup: EgressThread.loop, configuration: configuration)
    }

    deinit {
        client.shutdown(queue: .global()) { _ in }
    }

    /// Serves a session's listener until the task is cancelled.
    ///
    /// `session` stands in the log beside each request; `logger` gets one line for each, without bodies or secrets.
    package func serve(
        listener: Descriptor,
        session: String,
        logger: Logger,
        profile: @escaping Lookup
    ) async throws {
        var logger = logger
        logger[metadataKey: "session"] = "\(session)"
        let exchange = ModelExchange(client: client, lookup: profile, logger: logger)
        try await withTaskExecutorPreference(EgressThread.executor) {
            try await ListenerServer().run(listener) { try await exchange.serve($0) }
        }
    }
}
