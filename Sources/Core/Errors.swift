/// What goes wrong with a value of the shared vocabulary.
package struct CoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Sendable, Hashable {
        private enum Value { case invalidIdentifier, invalidContent, invalidTime }
        private let value: Value
        /// Text that is no id of the asked kind.
        package static let invalidIdentifier = Code(value: .invalidIdentifier)
        /// A message content that does not follow its shape.
        package static let invalidContent = Code(value: .invalidContent)
        /// A time or a time zone that cannot be read.
        package static let invalidTime = Code(value: .invalidTime)
    }

    package let code: Code
    package let message: String

    /// An error that says what is wrong and how to write it right.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
