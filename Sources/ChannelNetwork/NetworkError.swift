package import Core

/// What goes wrong between a channel and its platform's servers; the message never holds a secret.
package typealias NetworkError = CodedError<NetworkFailure>

/// The kinds of ``NetworkError``.
package enum NetworkFailure: Sendable, Hashable {
    /// A URL, header or limit that cannot be used; nothing was sent.
    case invalidURL
    /// The host rule forbids the host, or an address of it; nothing was sent.
    case refusedHost
    /// No connection came about: no such name, refused, or not in time; nothing was sent.
    case cannotConnect
    /// TLS could not be set up, or the certificate is not trusted; nothing was sent.
    case tls
    /// The deadline passed; the server may have acted on the request.
    case timeout
    /// The connection ended too early; the server may have acted on the request.
    case closed
    /// The body or message is over the caller's bound.
    case tooLarge
    /// The server answered the WebSocket handshake with this HTTP status instead of 101.
    case upgradeRefused(status: Int)
    /// What the server sent breaks the protocol.
    case protocolViolation
    /// A file could not be read or written.
    case file
    /// The calling task was cancelled.
    case cancelled

    /// True when the server may have acted on the request, so that to send it again may do it twice.
    package var mayHaveArrived: Bool {
        switch self {
        // Of a request whose file could not be read the end is missing: nobody acts on it.
        case .invalidURL, .refusedHost, .cannotConnect, .tls, .upgradeRefused, .file: false
        case .timeout, .closed, .tooLarge, .protocolViolation, .cancelled: true
        }
    }
}
