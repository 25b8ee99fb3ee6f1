package import Core

/// Why a request is not carried out, in words for the agent: what was wrong and what to do instead.
package struct HostActionRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String
    /// The same for the tool that asked.
    package let result: JSONValue?

    /// A refusal with this text.
    package init(_ message: String, result: JSONValue? = nil) {
        self.message = message
        self.result = result
    }

    package var description: String { message }
}
