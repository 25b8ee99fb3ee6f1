import AsyncHTTPClient
import Core
import Glibc
import LinuxIO
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension NetworkError {
    /// What an error of the libraries means; `place` is the server's origin, without a path.
    init(reading error: any Error, from place: String) {
        switch error {
        case let error as NetworkError: self = error
        case is DeadlinePassed: self.init(.timeout, "\(place) did not answer in time")
        case is CancellationError: self.init(.cancelled, "The request to \(place) was cancelled")
        case let error as Errno: self.init(.file, "The file of a transfer cannot be used: \(error)")
        case let error as HTTPClientError: self = Self.client(error, place)
        case is NIOConnectionError: self.init(.cannotConnect, "\(place) cannot be reached: \(Self.reason(error))")
        case let error as IOError where [EPIPE, ECONNRESET].contains(error.errnoCode):
            self.init(.closed, "\(place) cut the connection")
        case is IOError: self.init(.cannotConnect, "\(place) cannot be reached: \(error)")
        case let error as ChannelError: self = Self.channel(error, place)
        case HTTPParserError.invalidEOFState: self.init(.closed, "\(place) closed the connection early")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(.tls, "TLS with \(place) failed: \(error)")
        default: self.init(.protocolViolation, "The exchange with \(place) failed: \(error)")
        }
    }

    /// The same without the secrets, in its cause neither.
    func scrubbed(_ redaction: Redaction) -> NetworkError { NetworkError(code, redaction.scrub(message)) }

    private static func client(_ error: HTTPClientError, _ place: String) -> NetworkError {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout:
            NetworkError(.cannotConnect, "\(place) cannot be reached: the connection took too long")
        case .tlsHandshakeTimeout: NetworkError(.tls, "TLS with \(place) took too long")
        case .deadlineExceeded, .readTimeout, .writeTimeout: NetworkError(.timeout, "\(place) did not answer in time")
        case .cancelled, .requestStreamCancelled:
            NetworkError(.cancelled, "The request to \(place) was cancelled")
        case .remoteConnectionClosed, .uncleanShutdown: NetworkError(.closed, "\(place) closed the connection early")
        case .invalidURL, .emptyHost, .emptyScheme: NetworkError(.invalidURL, "The URL for \(place) cannot be used")
        case .alreadyShutdown: NetworkError(.cancelled, "The client was shut down")
        default: NetworkError(.protocolViolation, "The exchange with \(place) failed: \(error)")
        }
    }

    private static func channel(_ error: ChannelError, _ place: String) -> NetworkError {
        switch error {
        case .connectTimeout:
            NetworkError(.cannotConnect, "\(place) cannot be reached: the connection took too long")
        default: NetworkError(.closed, "\(place) closed the connection early")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return "\(error)" }
        if error.dnsAError != nil, error.dnsAAAAError != nil { return "its name has no address" }
        return error.connectionErrors.first.map { "\($0.error)" } ?? "no address took the connection"
    }
}
