package import Core
import NIOCore
import NIOPosix
import NIOSSL

/// Opens WebSockets (RFC 6455) over ws and wss, without extensions and proxies, on the process's event loops.
package struct WebSocketClient: Sendable {
    private let context: NIOSSLContext
    private let time: any TimeSource
    private let resolver: any HostResolver
    /// Which addresses hosts of a ``HostRule`` may have; another answer than `isPublic` is for tests.
    var permits: @Sendable (IPAddress) -> Bool = { $0.isPublic }

    /// `trustedCertificates` is a PEM file with certificates that are trusted beside the system's.
    ///
    /// Throws `tls` when it cannot be read. One client serves all channels: it holds the system's certificates.
    package init(
        trustedCertificates: String? = nil,
        resolver: any HostResolver = SystemResolver(),
        time: any TimeSource = SystemTime()
    ) throws(NetworkError) {
        let settings = try TLSSettings.client(trusting: trustedCertificates)
        do {
            context = try NIOSSLContext(configuration: settings)
        } catch {
            throw NetworkError(.tls, "TLS cannot be set up: \(error)")
        }
        self.resolver = resolver
        self.time = time
    }

    /// Connects, runs the body and closes with 1000, or with 1001 when the body throws.
    ///
    /// `hosts` bounds where a URL from outside may lead; `redacting` is scrubbed from errors. Throws ``NetworkError``
    /// when no connection comes about, and whatever the body throws.
    package func withConnection<Result>(
        _ url: String,
        headers: HeaderList = [:],
        options: WebSocketOptions = WebSocketOptions(),
        hosts: HostRule? = nil,
        redacting: [String] = [],
        isolation: isolated (any Actor)? = #isolation,
        body: (WebSocketConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(url, headers, options, hosts, Redaction(redacting))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await connection.keepAlive() }
            defer { group.cancelAll() }
            do {
                let result = try await body(connection)
                await connection.close()
                return result
            } catch {
                await connection.close(code: 1001)
                throw error
            }
        }
    }

    private func connect(
        _ url: String,
        _ headers: HeaderList,
        _ options: WebSocketOptions,
        _ hosts: HostRule?,
        _ redaction: Redaction
    ) async throws(NetworkError) -> WebSocketConnection {
        let address: WebAddress
        do {
            address = try WebAddress(url, schemes: ["ws", "wss"])
        } catch {
            throw error.scrubbed(redaction)
        }
        do {
            return try await withDeadline(options.connectLimit, time) {
                try await self.connect(address, headers, options, hosts)
            }
        } catch is DeadlinePassed {
            throw NetworkError(.cannotConnect, "\(address.origin) cannot be reached: it took too long")
        } catch {
            throw NetworkError(reading: error, from: address.origin).scrubbed(redaction)
        }
    }

    private func connect(
        _ address: WebAddress,
        _ headers: HeaderList,
        _ options: WebSocketOptions,
        _ hosts: HostRule?
    ) async throws -> WebSocketConnection {
        let handshake = try WebSocketHandshake(address, headers: headers, subprotocol: options.subprotocol)
        guard let hosts, try hosts.reach(address) == .checked else {
            return try await open(handshake, options, at: nil)
        }
        let addresses = try await HostRule.checkedAddresses(of: address.host, resolver, permits)
        var last = NetworkError(.cannotConnect, "\(address.host) has no address")
        for candidate in addresses.prefix(3) {
            do {
                return try await open(handshake, options, at: candidate)
            } catch {
                last = NetworkError(reading: error, from: address.origin)
                guard last.code == .cannotConnect else { throw last }
            }
        }
        throw last
    }

    private func open(
        _ handshake: WebSocketHandshake,
        _ options: WebSocketOptions,
        at fixed: IPAddress?
    ) async throws -> WebSocketConnection {
        let address = handshake.address
        let tls = address.isSecure ? context : nil
        let limit = options.messageLimit
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(TimeAmount(options.connectLimit))
        let (channel, outcome) = try await bootstrap.connect(
            host: fixed?.description ?? address.host,
            port: address.port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                if let tls {
                    let name = IPAddress(address.host) == nil ? address.host : nil
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: tls, serverHostname: name)
                    )
                }
                let outcome = channel.eventLoop.makePromise(of: WebSocketMailbox.self)
                try channel.pipeline.syncOperations.addHandler(WebSocketUpgrade(handshake, limit: limit, outcome))
                return (channel, outcome.futureResult)
            }
        }
        do {
            let mailbox = try await withTaskCancellationHandler {
                try await outcome.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            return WebSocketConnection(channel, mailbox, options, time, place: address.origin)
        } catch {
            try? await channel.close()
            try Task.checkCancellation()
            throw error
        }
    }
}
