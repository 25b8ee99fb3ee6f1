import Core

/// Asks for an agent of one's own.
///
/// A person is asked; what comes of it is told later.
struct CreateAgentTool: AgentTool {
    /// Seconds in which the host says that somebody is asked.
    private static let hostTime = 30

    let specification = ToolSpecification(
        "create_agent",
        """
        Asks for another agent that you can write to, for work that needs a memory or instructions of its own. A person has \
        to allow it. It knows nothing of you: say in the instructions what it is for, how it answers, and what it must know. \
        Once it is there you are told, and write to it by its name.
        """,
        [
            "name": ["type": "string", "minLength": 1, "maxLength": 100, "description": "what people and you call it"],
            "instructions": ["type": "string", "maxLength": 12_000],
        ],
        required: ["name", "instructions"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func declaredTimeout(_ arguments: ToolArguments) -> Duration? { .seconds(Self.hostTime) }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let reply = try await conversation.ask(
            host: "create_agent",
            arguments: [
                "name": .string(try arguments.required("name")),
                "instructions": .string(arguments.text("instructions") ?? ""),
            ],
            waitingFor: .seconds(Self.hostTime)
        )
        return reply.toolResult
    }
}
