package import Core

/// A way to a model: takes one request, streams one answer.
package protocol ModelProvider: Sendable {
    /// Starts the request at once and yields its answer as it is produced.
    ///
    /// A whole answer ends with exactly one ``ModelEvent/finished(_:)``, and tool calls and usage stand before it.
    /// Anything else ends by throwing ``ModelError``. Letting go of the stream, or cancelling the task that reads it,
    /// closes the connection.
    func stream(_ request: ModelRequest) -> DirectStream<ModelEvent>
}

/// One request to a model.
///
/// Equal requests are equal bytes on the wire, and a longer history with the same beginning begins with the same bytes.
package struct ModelRequest: Sendable, Equatable {
    /// The model's name as its server knows it.
    package var model: String
    /// The instructions; empty for none.
    package var system: String
    /// The conversation, oldest first.
    package var messages: [ModelMessage]
    package var tools: [ToolDefinition]
    /// The most tokens the answer may have; at least 1.
    package var maximumOutputTokens: Int

    package init(
        model: String,
        system: String,
        messages: [ModelMessage],
        tools: [ToolDefinition] = [],
        maximumOutputTokens: Int = 8192
    ) {
        self.model = model
        self.system = system
        self.messages = messages
        self.tools = tools
        self.maximumOutputTokens = maximumOutputTokens
    }
}

/// A tool that the model may call.
package struct ToolDefinition: Sendable, Equatable {
    /// `[A-Za-z0-9_-]`, 1 to 64 characters: what both wires take.
    package var name: String
    package var description: String
    /// A JSON Schema of type `object`, as JSON text; it goes out byte for byte.
    package var parameters: String

    package init(name: String, description: String, parameters: String) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}

/// A piece of a model's answer.
package enum ModelEvent: Sendable, Equatable {
    case textDelta(String)
    /// Text of the model's reasoning, where a server shows it; never part of the history.
    case thinkingDelta(String)
    /// A whole tool call. `arguments` is the JSON text as the model wrote it, `{}` when it wrote none;
    /// whether it is valid JSON and fits the schema is for the tool to say.
    case toolCall(id: String, name: String, arguments: String)
    /// Tokens as the provider reported them, nil where it did not. `input` counts the whole prompt,
    /// with what came from its cache; `cachedInput` is that part.
    case usage(input: Int?, output: Int?, cachedInput: Int?)
    /// The answer is whole; the last event.
    case finished(FinishReason)

    /// Why the model stopped.
    package enum FinishReason: Sendable, Equatable {
        case stop
        /// It waits for the results of its tool calls.
        case toolCalls
        /// The limit of output tokens was reached; the last tool call may be cut.
        case length
        /// The provider withheld the answer.
        case refusal
        /// A reason that only its provider knows.
        case other(String)
    }
}
