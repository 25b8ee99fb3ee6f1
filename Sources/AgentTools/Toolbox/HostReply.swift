package import Core

/// What the host says to something that a tool asked of it.
package struct HostReply: Sendable, Equatable {
    /// How far it has come.
    package enum Status: String, Sendable, Equatable {
        case ok
        /// Not done, and why.
        case error
        /// Waits for somebody; the outcome comes as a `<system_response>` in this turn or a later one.
        case pending
        /// The host has not answered in the time there was; its answer comes as a `<system_response>`.
        case silent
    }

    package let status: Status
    /// The request's id: the `about` of every answer to it.
    package let request: MessageID
    /// What happened, in words for the agent.
    package let text: String
    /// The same for the tool, shaped as the action says.
    package let result: JSONValue?

    /// A reply to that request.
    package init(_ status: Status, request: MessageID, text: String, result: JSONValue? = nil) {
        self.status = status
        self.request = request
        self.text = text
        self.result = result
    }

    /// The reply as it stands, for a tool that has nothing to add.
    package var toolResult: ToolResult {
        switch status {
        case .ok: ToolResult(text)
        case .error: ToolResult("Error: \(text)", isError: true)
        case .pending, .silent:
            ToolResult("\(text)\nThe outcome will come as a <system_response> with about=\"\(request)\".")
        }
    }
}
