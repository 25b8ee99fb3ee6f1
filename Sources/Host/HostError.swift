/// What goes wrong in the host, in words for the person at the terminal.
package struct HostError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Sendable, Hashable {
        private enum Value { case notFound, invalid, conflict, unavailable, session }
        private let value: Value
        /// Nothing goes by that name.
        package static let notFound = Code(value: .notFound)
        /// A value that is refused as it stands.
        package static let invalid = Code(value: .invalid)
        /// The change contradicts what is there.
        package static let conflict = Code(value: .conflict)
        /// The host is stopping, or something it needs is not there yet.
        package static let unavailable = Code(value: .unavailable)
        /// A session's files or sandbox failed.
        package static let session = Code(value: .session)
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    /// An error that says what is wrong, where, and how to put it right.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
