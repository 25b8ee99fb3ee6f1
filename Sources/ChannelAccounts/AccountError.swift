package import Core

/// What goes wrong with the accounts of channels, in words for the operator; never with a secret in it.
package typealias AccountError = CodedError<AccountFailure>

/// The kinds of ``AccountError``.
package enum AccountFailure: Sendable, Hashable {
    /// No platform, account or field of this name.
    case unknown
    /// A value is missing or is not of its form.
    case invalid
    /// The platform does not accept the credentials.
    case refused
    /// The platform could not be asked.
    case unreachable
    /// The file of the secrets cannot be read or written.
    case credential
}
