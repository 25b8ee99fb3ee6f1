/// Why a request was not carried out: what the client prints.
package struct ControlError: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; on the wire its text.
    package struct Code: Codable, Sendable, Hashable, CustomStringConvertible {
        package let description: String

        private init(_ description: String) { self.description = description }

        /// The line is no frame, or one of another version.
        package static let badFrame = Code("bad-frame")
        /// No handler has this name.
        package static let unknownCommand = Code("unknown-command")
        /// An argument is missing, unknown or has no meaning.
        package static let invalidArguments = Code("invalid-arguments")
        /// Nothing has this id or name, or more than one thing has.
        package static let notFound = Code("not-found")
        /// It is there already, or something else stands in its way.
        package static let conflict = Code("conflict")
        /// Too many connections or requests at once.
        package static let busy = Code("busy")
        /// The answer does not fit a frame.
        package static let tooLarge = Code("too-large")
        /// The caller's roles do not allow it.
        package static let forbidden = Code("forbidden")
        /// The host could not do it.
        package static let failed = Code("failed")

        package init(from decoder: any Decoder) throws {
            description = try decoder.singleValueContainer().decode(String.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }

    package let code: Code
    /// What is wrong, where, and how to put it right.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
