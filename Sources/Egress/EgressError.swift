/// What goes wrong on the way out.
package struct EgressError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: Sendable, Hashable {
        /// A base URL or profile name that cannot be used.
        case invalid
        /// A credential that cannot be read, or must not be.
        case credential
        /// A request's body is over the bound.
        case tooLarge
    }

    package let code: Code
    /// What is wrong, where, and how to put it right.
    ///
    /// Never a secret.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }
}
