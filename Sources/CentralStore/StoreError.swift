/// What goes wrong with the central database, in words for the person at the terminal.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Sendable, Hashable {
        private enum Value { case locked, unusable, migration, invalid, notFound, ambiguous, conflict }
        private let value: Value
        /// Another host serves this home.
        package static let locked = Code(value: .locked)
        /// The home cannot hold the database: file system, owner, mode, damage.
        package static let unusable = Code(value: .unusable)
        /// A migration failed, or the database is newer than this program.
        package static let migration = Code(value: .migration)
        /// A value is not allowed.
        package static let invalid = Code(value: .invalid)
        /// Nothing goes by that name.
        package static let notFound = Code(value: .notFound)
        /// More than one thing goes by that name.
        package static let ambiguous = Code(value: .ambiguous)
        /// The change contradicts what is stored.
        package static let conflict = Code(value: .conflict)
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
