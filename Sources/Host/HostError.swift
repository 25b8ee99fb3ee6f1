package import Core

/// What goes wrong in the host, in words for the person at the terminal.
package typealias HostError = CodedError<HostFailure>

/// The kinds of ``HostError``.
package enum HostFailure: Sendable, Hashable {
    /// Nothing goes by that name.
    case notFound
    /// A value that is refused as it stands.
    case invalid
    /// The change contradicts what is there.
    case conflict
    /// The host is stopping, or something it needs is not there yet.
    case unavailable
    /// A session's files or sandbox failed.
    case session
}
