/// What this module refuses.
package struct PeopleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// The caller may not give what they ask for.
        case forbidden
        /// What was asked for makes no sense.
        case invalid
        /// Too much is open already.
        case busy
        case failed
    }

    package let code: Code
    /// What happened, and what to do.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
