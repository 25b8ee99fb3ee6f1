/// One `data:` object of a streamed chat completion.
///
/// Every field may be missing: servers differ.
struct OpenAIChunk: Decodable {
    var choices: [Choice]?
    var usage: Usage?
    var error: ServerFailure?

    struct Choice: Decodable {
        var index: Int?
        var delta: Delta?
        var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
        }
    }

    struct Delta: Decodable {
        var content: String?
        var refusal: String?
        var reasoningContent: String?
        var reasoning: String?
        var toolCalls: [ToolCall]?

        private enum CodingKeys: String, CodingKey {
            case content, refusal, reasoning
            case reasoningContent = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    struct ToolCall: Decodable {
        var index: Int?
        var id: String?
        var function: Function?
    }

    struct Function: Decodable {
        var name: String?
        var arguments: TextOrJSON?
    }

    struct Usage: Decodable {
        var promptTokens: Int?
        var completionTokens: Int?
        var details: Details?

        private enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case details = "prompt_tokens_details"
        }

        struct Details: Decodable {
            var cachedTokens: Int?

            private enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
        }
    }
}
