import Core
import NIOCore
import NIOPosix
import NIOSSL

/// One open connection to a mail server; it lives inside ``MailLink/with(_:_:body:)``.
struct MailLink: Sendable {
    /// Time to look up the name, connect and set TLS up.
    private static let connectLimit: Duration = .seconds(20)

    let server: MailServer
    private let channel: any Channel
    private let pipe: MailPipe
    private let tls: MailTLS?

    /// Connects, runs the body and cuts the connection; so does the cancellation of the task.
    static func with<Result>(
        _ server: MailServer,
        _ tls: MailTLS?,
        isolation: isolated (any Actor)? = #isolation,
        body: (MailLink) async throws -> Result
    ) async throws -> Result {
        let link = try await open(server, tls)
        return try await withTaskCancellationHandler {
            do {
                let result = try await body(link)
                link.cut()
                return result
            } catch {
                link.cut()
                throw error
            }
        } onCancel: {
            link.pipe.finish(MailError(.cancelled, "the connection to the \(server.place) was given up"))
            link.cut()
        }
    }

    private func cut() { channel.close(promise: nil) }

    private static func open(_ server: MailServer, _ tls: MailTLS?) async throws(MailError) -> MailLink {
        let pipe = MailPipe()
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.init(connectLimit))
            // A dead peer shows within minutes while nothing is said.
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if server.security == .tls, let tls {
                        try channel.pipeline.syncOperations.addHandler(tls.handler(host: server.host))
                    }
                    try channel.pipeline.syncOperations.addHandler(MailPipeHandler(pipe, place: server.place))
                }
            }
        do {
            let channel = try await bootstrap.connect(host: server.host, port: server.port).get()
            return MailLink(server: server, channel: channel, pipe: pipe, tls: tls)
        } catch {
            throw reading(error, server.place)
        }
    }

    /// Goes over to TLS; what the server has sent before must have been read, so that nothing said in the clear is taken
    /// for secret (the fault known as STARTTLS injection).
    func startTLS() async throws(MailError) {
        guard let tls else { throw MailError(.tls, "the \(server.place) is not set up for TLS") }
        do {
            try await channel.eventLoop.submit { [channel, pipe, server] in
                guard pipe.isEmpty else {
                    throw MailError(.malformed, "the \(server.place) says more before TLS than it may")
                }
                try channel.pipeline.syncOperations.addHandler(tls.handler(host: server.host), position: .first)
            }.get()
        } catch {
            throw Self.reading(error, server.place)
        }
    }

    /// The next bytes; nil when the server has closed the connection.
    ///
    /// Throws `closed` when none come in time.
    func read(within limit: Duration) async throws(MailError) -> [UInt8]? {
        let timer = deadline(limit)
        defer { timer.cancel() }
        return try await pipe.take { _ = channel.setOption(.autoRead, value: true) }
    }

    /// Sends bytes; returns once they are handed to the kernel.
    func write(_ bytes: [UInt8], within limit: Duration = .seconds(60)) async throws(MailError) {
        let timer = deadline(limit)
        defer { timer.cancel() }
        do {
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        } catch {
            throw pipe.failure ?? Self.reading(error, server.place)
        }
    }

    private func deadline(_ limit: Duration) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: .init(limit)) { [channel, pipe, server] in
            pipe.finish(MailError(.closed, "the \(server.place) is silent for \(limit)"))
            channel.close(promise: nil)
        }
    }

    /// What an error of the libraries means.
    static func reading(_ error: any Error, _ place: String) -> MailError {
        switch error {
        case let error as MailError: error
        case is CancellationError: MailError(.cancelled, "the connection to the \(place) was given up")
        case let error as NIOConnectionError:
            MailError(.unreachable, "the \(place) cannot be reached: \(reason(error))")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            MailError(
                .tls,
                "TLS with the \(place) failed: is the certificate for this name, and does it speak TLS at this port? (\(error))"
            )
        case ChannelError.connectTimeout: MailError(.unreachable, "the \(place) cannot be reached: it took too long")
        default: MailError(.closed, "the connection to the \(place) ended: \(error)")
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil, error.dnsAAAAError != nil { return "its name has no address" }
        return error.connectionErrors.first.map { "\($0.error)" } ?? "no address took the connection"
    }
}

extension TimeAmount {
    init(_ duration: Duration) { self = .milliseconds(duration.milliseconds) }
}
