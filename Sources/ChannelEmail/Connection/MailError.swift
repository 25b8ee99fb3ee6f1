import Core

/// What goes wrong between an account and its mail servers; never with a secret in it.
typealias MailError = CodedError<MailFailure>

/// The kinds of ``MailError``.
enum MailFailure: Sendable, Hashable {
    /// No connection came about.
    case unreachable
    /// The connection ended, or the server was silent for too long.
    case closed
    /// TLS cannot be had, or the certificate is not trusted.
    case tls
    /// The server does not take the user's name and password.
    case refused
    /// The server does not do what was asked, such as to open a folder.
    case failed
    /// What the server sends follows no rule, or is over a bound.
    case malformed
    /// The host could not store a mail.
    case notStored
    case cancelled
}
