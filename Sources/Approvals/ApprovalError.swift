package import Core

/// What goes wrong with a plan or with the word given on it.
package typealias ApprovalError = CodedError<ApprovalFailure>

/// The kinds of ``ApprovalError``.
package enum ApprovalFailure: Sendable, Hashable {
    /// The plan cannot be written canonically, or is too large or too deep to be shown.
    case invalidPlan
    /// What is stored is not what was shown.
    case planChanged
    /// No approval or grant of that id.
    case notFound
    /// It is decided already, expired, or its turn is blocked.
    case notPending
    /// Who asks may not.
    case forbidden
    /// Nobody registered this kind of action.
    case unknownAction
    /// Nobody who may approve can be reached.
    case noApprover
    /// Too much waits already.
    case tooMany
    /// Whoever asked does not wait any more.
    case unwanted
    /// A time beyond the bounds.
    case invalidTerm
}
