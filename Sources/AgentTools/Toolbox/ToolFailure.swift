/// Why a tool call gave no result, in words for the model: what was wrong and what to do instead.
package struct ToolFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String

    /// A failure with this text.
    package init(_ message: String) { self.message = message }

    package var description: String { message }
}

/// What a tool call gives back to the model.
package struct ToolResult: Sendable, Equatable {
    package var text: String
    /// True when the call did not do what it was to do.
    package var isError: Bool

    /// A result with this text.
    package init(_ text: String, isError: Bool = false) {
        self.text = text
        self.isError = isError
    }

    /// The body's result, or what it throws as a result that says what was wrong; only a cancellation throws.
    package static func catching(
        _ body: () async throws -> ToolResult
    ) async throws(CancellationError) -> ToolResult {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            return ToolResult("Error: \(error)", isError: true)
        }
    }
}
