/// An error in words for a person: of what kind it is, what is wrong, where, and how to put it right.
package struct CodedError<Kind: Sendable & Hashable>: Error, Sendable, CustomStringConvertible {
    /// What callers tell one failure from another by.
    package typealias Code = Kind

    package let code: Code
    package let message: String
    /// The error beneath, where there is one.
    package let cause: (any Error)?

    /// An error that says what is wrong, where, and how to put it right.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}

/// What goes wrong with a value of the shared vocabulary.
package typealias CoreError = CodedError<CoreFailure>

/// The kinds of ``CoreError``.
package enum CoreFailure: Sendable, Hashable {
    /// Text that is no id of the asked kind.
    case invalidIdentifier
    /// A message content that does not follow its shape.
    case invalidContent
    /// A time or a time zone that cannot be read.
    case invalidTime
}
