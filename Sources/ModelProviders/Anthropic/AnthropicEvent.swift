/// One `data:` object of a streamed message.
///
/// Every field may be missing: servers differ.
struct AnthropicEvent: Decodable {
    var type: String?
    var index: Int?
    var message: Message?
    var contentBlock: Block?
    var delta: Delta?
    var usage: Usage?
    var error: ServerFailure?

    private enum CodingKeys: String, CodingKey {
        case type, index, message, delta, usage, error
        case contentBlock = "content_block"
    }

    struct Message: Decodable {
        var usage: Usage?
    }

    struct Block: Decodable {
        var type: String?
        var text: String?
        var thinking: String?
        var id: String?
        var name: String?
        var input: TextOrJSON?
    }

    struct Delta: Decodable {
        var type: String?
        var text: String?
        var thinking: String?
        var partialJSON: String?
        var stopReason: String?

        private enum CodingKeys: String, CodingKey {
            case type, text, thinking
            case partialJSON = "partial_json"
            case stopReason = "stop_reason"
        }
    }

    struct Usage: Decodable {
        var inputTokens: Int?
        var outputTokens: Int?
        var cacheRead: Int?
        var cacheCreation: Int?

        private enum CodingKeys: String, CodingKey {
            case inputTokens = "input_tokens"
            case outputTokens = "output_tokens"
            case cacheRead = "cache_read_input_tokens"
            case cacheCreation = "cache_creation_input_tokens"
        }
    }
}
