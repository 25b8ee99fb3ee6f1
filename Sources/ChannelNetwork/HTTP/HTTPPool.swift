import AsyncHTTPClient
package import Core
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The HTTP/1.1 client of all channels: it keeps connections alive and shares the process's event loops.
///
/// Redirects are not followed unless a call asks for it, proxies and cookies are not used, answers are not decompressed.
package final class HTTPPool: Sendable {
    /// Bounds and trust of the client.
    package struct Configuration: Sendable {
        /// Time to look up, connect and set up TLS.
        package var connectLimit: Duration = .seconds(10)
        /// Connections to one host at once, further requests wait; those that may last (``HTTPCall/deadline``) are not
        /// among them.
        package var connectionsPerHost = 8
        /// How long an unused connection is kept.
        package var idleLimit: Duration = .seconds(60)
        /// A PEM file with certificates that are trusted beside the system's, for self-hosted servers.
        package var trustedCertificates: String?
        package var resolver: any HostResolver = SystemResolver()
        /// For the deadlines of calls.
        package var time: any TimeSource = SystemTime()
        /// Which addresses hosts of a ``HostRule`` may have; another answer than `isPublic` is for tests.
        var permits: @Sendable (IPAddress) -> Bool = { $0.isPublic }

        package init() {}
    }

    let configuration: Configuration
    let files = BlockingQueue(label: "nanoclaw.network.files")
    private let client: HTTPClient
    /// For calls that may last: a poll of each account, large files.
    private let patientClient: HTTPClient
    private let settings: HTTPClient.Configuration
    /// Clients for hosts of rules, each at one checked address, by both.
    private let pinned = Mutex(BoundedCache<String, PinnedClient>(most: 32))

    /// What may take longer than this keeps no other call waiting.
    private static let short: Duration = .seconds(30)
    /// Connections to one host at once for calls that may last: no home has so many accounts.
    private static let patientConnectionsPerHost = 512

    /// Throws `tls` when the trusted certificates cannot be read.
    package init(_ configuration: Configuration = Configuration()) throws(NetworkError) {
        self.configuration = configuration
        var settings = HTTPClient.Configuration(
            tlsConfiguration: try TLSSettings.client(trusting: configuration.trustedCertificates),
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(configuration.connectLimit)),
            decompression: .disabled
        )
        settings.httpVersion = .http1Only
        settings.connectionPool.idleTimeout = TimeAmount(configuration.idleLimit)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
        // A closed port is told at once; when to try again is the caller's to say.
        settings.connectionPool.retryConnectionEstablishment = false
        self.settings = settings
        client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: settings)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.patientConnectionsPerHost
        patientClient = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: settings)
    }

    deinit {
        client.shutdown(queue: .global()) { _ in }
        patientClient.shutdown(queue: .global()) { _ in }
    }

    /// Sends a request and takes the whole answer, whatever its status.
    package func request(_ call: HTTPCall) async throws(NetworkError) -> HTTPReply {
        try await exchange(call) { response, address in
            HTTPReply(
                status: Int(response.status.code),
                headers: HeaderList(response.headers),
                body: try await Self.collect(response, limit: call.method == .head ? .max : call.replyLimit),
                url: address.description
            )
        }
    }

    /// Takes a body of at most `limit` bytes; throws `tooLarge` past them, before reading when the length is told.
    static func collect(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
        if let length = response.headers.first(name: "content-length").flatMap({ Int64($0) }), length > limit {
            throw NetworkError(.tooLarge, "The answer has \(length) bytes, over the limit of \(limit)")
        }
        var body: [UInt8] = []
        for try await buffer in response.body {
            guard body.count + buffer.readableBytes <= limit else {
                throw NetworkError(.tooLarge, "The answer is over the limit of \(limit) bytes")
            }
            body.append(contentsOf: buffer.readableBytesView)
        }
        // A cancelled body ends as one that is whole.
        try Task.checkCancellation()
        return body
    }

    /// Runs a call with its redirects inside its deadline and hands over the last answer; errors come out scrubbed.
    func exchange<Result: Sendable>(
        _ call: HTTPCall,
        _ take: @escaping @Sendable (HTTPClientResponse, WebAddress) async throws -> Result
    ) async throws(NetworkError) -> Result {
        let redaction = Redaction(call.redacting)
        let place: String
        let address: WebAddress
        do {
            address = try WebAddress(call.url)
            place = address.origin
        } catch {
            throw error.scrubbed(redaction)
        }
        do {
            return try await withDeadline(call.deadline, configuration.time) {
                try await self.hops(call, from: address, take)
            }
        } catch let error as NetworkError {
            throw error.scrubbed(redaction)
        } catch {
            throw NetworkError(reading: error, from: place).scrubbed(redaction)
        }
    }

    private func hops<Result: Sendable>(
        _ call: HTTPCall,
        from start: WebAddress,
        _ take: @Sendable (HTTPClientResponse, WebAddress) async throws -> Result
    ) async throws -> Result {
        var address = start
        var headers = call.headers
        var left = call.method == .get || call.method == .head ? call.redirects : 0
        while true {
            let (response, holder) = try await execute(call, address, headers)
            defer { withExtendedLifetime(holder) {} }
            guard [301, 302, 303, 307, 308].contains(response.status.code), call.redirects > 0,
                let location = response.headers.first(name: "location"),
                call.method == .get || call.method == .head
            else { return try await take(response, address) }
            guard left > 0 else {
                throw NetworkError(.refusedHost, "\(start.origin) redirects more than \(call.redirects) times")
            }
            left -= 1
            let next = try address.following(location)
            if next.origin != address.origin {
                guard call.hosts != nil else {
                    throw NetworkError(.refusedHost, "\(address.origin) redirects to \(next.origin), another server")
                }
                // What proves who we are to one server is not told to another.
                for name in ["authorization", "cookie", "proxy-authorization"] { headers[name] = nil }
            }
            address = next
        }
    }

    /// Sends one request; what is returned beside the answer must live until its body is read.
    private func execute(
        _ call: HTTPCall,
        _ address: WebAddress,
        _ headers: HeaderList
    ) async throws -> (HTTPClientResponse, PinnedClient?) {
        let request = try makeRequest(call, address, headers)
        guard let rule = call.hosts, try rule.reach(address) == .checked else {
            let client = call.deadline > Self.short ? patientClient : client
            return (try await client.execute(request, deadline: .distantFuture), nil)
        }
        let addresses = try await HostRule.checkedAddresses(
            of: address.host,
            configuration.resolver,
            configuration.permits
        )
        var last: any Error = NetworkError(.cannotConnect, "\(address.host) has no address")
        for candidate in addresses.prefix(3) {
            let pinned = pinnedClient(for: address.host, at: candidate)
            do {
                return (try await pinned.client.execute(request, deadline: .distantFuture), pinned)
            } catch {
                guard NetworkError(reading: error, from: address.origin).code == .cannotConnect else { throw error }
                last = error
            }
        }
        throw last
    }

    private func pinnedClient(for host: String, at address: IPAddress) -> PinnedClient {
        pinned.withLock { pinned in
            let name = "\(host) \(address)"
            if let known = pinned[name] { return known }
            let made = PinnedClient(settings, host: host, at: address)
            pinned[name] = made
            return made
        }
    }

    private func makeRequest(
        _ call: HTTPCall,
        _ address: WebAddress,
        _ headers: HeaderList
    ) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.description)
        request.method = HTTPMethod(rawValue: call.method.rawValue)
        request.headers = headers.nio
        guard let body = try RequestBody(call.body) else { return request }
        if let type = body.type { request.headers.replaceOrAdd(name: "content-type", value: type) }
        request.body = .stream(body.stream(files), length: .known(body.size))
        return request
    }
}

/// A client for one host at one checked address: the name is not looked up again, and still stands in `Host`, in TLS's
/// server name and in the check of the certificate.
///
/// AsyncHTTPClient takes overrides of names for a whole client only; this one is kept for the next call, and ends with its
/// last user once others have taken its place.
private final class PinnedClient: Sendable {
    let client: HTTPClient

    init(_ settings: HTTPClient.Configuration, host: String, at address: IPAddress) {
        var settings = settings
        settings.dnsOverride = [host: address.description]
        client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: settings)
    }

    deinit {
        client.shutdown(queue: .global()) { _ in }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let parts = duration.components
        self = .nanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}
