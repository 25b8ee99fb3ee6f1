import ChannelKit
import ChannelNetwork
import Core

/// Why the homeserver did not do what it was asked for; never with a secret in it.
typealias MatrixError = CodedError<MatrixFailure>

/// The kinds of ``MatrixError``.
enum MatrixFailure: Sendable, Hashable {
    /// It was not reached, or its answer did not come.
    case network(NetworkFailure)
    /// It, or a proxy before it, failed with this status.
    case server(status: Int)
    /// Too many requests.
    case limited(retryAfter: Duration)
    /// The access token does not count any more; a soft logout keeps the device.
    case signedOut(isSoft: Bool)
    /// It refuses, with this `errcode`.
    case refused(status: Int, errcode: String)
    /// Its answer is not what the specification says.
    case answer

    /// The `errcode` of a refusal; empty for others.
    var errcode: String { if case .refused(_, let code) = self { code } else { "" } }

    /// What was asked for is not there.
    ///
    /// A server or proxy that does not know the path says something else.
    var isMissing: Bool { self == .refused(status: 404, errcode: "M_NOT_FOUND") }

    /// What answers is no homeserver: a proxy or a network in its place, which may be away the next time.
    ///
    /// Not what is too large for it: that stays so.
    var isStrange: Bool {
        switch self {
        case .answer: true
        case .refused(let status, "") where status != 413: true
        default: false
        }
    }

    var isSignedOut: Bool { if case .signedOut = self { true } else { false } }

    /// Asking again later may succeed.
    var mayPass: Bool {
        switch self {
        case .network(let failure): failure != .tooLarge && failure != .invalidURL && failure != .refusedHost
        case .server, .limited: true
        case .signedOut, .refused, .answer: false
        }
    }
}

extension CodedError<MatrixFailure> {
    /// What the failure means for a message on its way out.
    var channelError: ChannelError {
        switch code {
        case .network, .server, .answer: ChannelError(.transient, message, cause: cause)
        case .refused where code.isStrange: ChannelError(.transient, message)
        case .limited(let wait): ChannelError(.rateLimited(retryAfter: wait), message)
        case .signedOut: ChannelError(.notConnected, message)
        case .refused: ChannelError(.rejected, message)
        }
    }
}
