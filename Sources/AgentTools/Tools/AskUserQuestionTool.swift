import Core

/// Asks the people of the chat a question with answers to choose from.
///
/// The host shows it and matches the answer; the tool waits for that, or for the question's end.
struct AskUserQuestionTool: AgentTool {
    /// Seconds that a question stays open when the call names no time, and the most it may.
    static let usualTimeout = 300
    static let longestTimeout = 3600
    /// Seconds beyond the question's own time in which the host says that it is over.
    private static let slack = 15
    /// Seconds in which the host says that a question is asked that is not waited for.
    private static let hostTime = 30

    let specification = ToolSpecification(
        "ask_user_question",
        """
        Asks in this chat a question with answers to choose from and waits for one. Answers the value that was chosen, \
        and who chose it. With wait set to false it does not wait: the answer comes as a <system_response>, and other \
        questions may be open meanwhile.
        """,
        [
            "title": ["type": "string", "minLength": 1, "maxLength": 100, "description": "one line"],
            "question": ["type": "string", "minLength": 1, "maxLength": 4000],
            "options": [
                "type": "array", "minItems": 1, "maxItems": 10,
                "description": "texts, or objects with a label and the value that you are told",
                "items": [
                    "type": ["string", "object"], "minLength": 1, "maxLength": 200,
                    "properties": [
                        "label": ["type": "string", "minLength": 1, "maxLength": 200],
                        "value": ["type": "string", "minLength": 1, "maxLength": 200],
                    ],
                    "required": ["label"], "additionalProperties": false,
                ],
            ],
            "timeout_seconds": ["type": "integer", "minimum": 10, "maximum": .integer(Int64(longestTimeout))],
            "wait": ["type": "boolean", "description": "true unless given"],
        ],
        required: ["title", "question", "options"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func declaredTimeout(_ arguments: ToolArguments) -> Duration? { .seconds(Self.patience(arguments)) }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let options = (arguments.value("options")?.array ?? []).map { option -> JSONValue in
            guard let label = option.string ?? option[key: "label"]?.string else { return option }
            return ["label": .string(label), "value": option[key: "value"] ?? .string(label)]
        }
        let reply = try await conversation.ask(
            host: "ask_user_question",
            arguments: [
                "title": .string(try arguments.required("title")),
                "question": .string(try arguments.required("question")), "options": .array(options),
                "timeout_seconds": .integer(Int64(Self.timeout(arguments))), "wait": .bool(Self.waits(arguments)),
            ],
            waitingFor: min(.seconds(Self.patience(arguments)), .seconds(context.limits.maximumToolTimeout))
        )
        return reply.toolResult
    }

    private static func waits(_ arguments: ToolArguments) -> Bool { arguments.value("wait") != .bool(false) }

    private static func timeout(_ arguments: ToolArguments) -> Int {
        arguments.integer("timeout_seconds") ?? usualTimeout
    }

    private static func patience(_ arguments: ToolArguments) -> Int {
        waits(arguments) ? timeout(arguments) + slack : hostTime
    }
}
