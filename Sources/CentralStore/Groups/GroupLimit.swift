/// A number that an agent group may set for itself; without one, `config.yaml` or the built-in default holds.
package enum GroupLimit: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    /// Rows in one prompt.
    case messagesPerPrompt
    /// Requests to the model in one turn.
    case modelCallsPerTurn
    /// Seconds a shell command gets by itself, and the most it may ask for.
    case toolTimeout, maximumToolTimeout
    /// Bytes of a tool's output that the model sees.
    case toolOutput
    /// Tokens the model may answer with.
    case maximumOutputTokens
    /// Seconds without a message after which the runner ends.
    case idleSeconds
    /// Bytes of one attachment, and of all of one message.
    case attachmentBytes, messageAttachmentBytes
    /// Bytes of memory of the whole sandbox.
    case memoryBytes
    /// Processes and threads in the sandbox.
    case pids
    /// Percent of one core.
    case cpuPercent
    /// Bytes of /tmp, of one file; open files of one process.
    case tmpBytes, fileBytes, openFiles

    /// The values that are allowed.
    package var range: ClosedRange<Int> {
        switch self {
        case .messagesPerPrompt: 1...1_000
        case .modelCallsPerTurn: 1...1_000
        case .toolTimeout, .maximumToolTimeout: 1...86_400
        case .toolOutput: 1_024...1_048_576
        case .maximumOutputTokens: 16...1_000_000
        case .idleSeconds: 1...86_400
        case .attachmentBytes, .messageAttachmentBytes: 0...1 << 30
        case .memoryBytes: 64 << 20...1 << 40
        case .pids: 16...65_536
        case .cpuPercent: 1...10_000
        case .tmpBytes: 1 << 20...1 << 38
        case .fileBytes: 1 << 20...1 << 40
        case .openFiles: 64...1 << 20
        }
    }
}
