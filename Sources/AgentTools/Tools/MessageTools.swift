import Core

private let destination: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 128,
    "description": "a destination's name; without it the chat that you are answering",
]
private let messageID: JSONValue = ["type": "integer", "minimum": 1, "description": "the message's number, its id"]

/// Sends a message while the turn goes on.
struct SendMessageTool: AgentTool {
    let specification = ToolSpecification(
        "send_message",
        "Sends a message at once, in the middle of your work. Answers its number.",
        ["text": ["type": "string", "minLength": 1, "maxLength": 100_000], "to": destination],
        required: ["text"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let number = try await conversation.send(
            text: try arguments.required("text"),
            files: [],
            to: arguments.text("to")
        )
        return ToolResult("Sent as message \(number).")
    }
}

/// Sends a file of the tool tier.
///
/// The tool server reads it; the runner sees its bytes.
struct SendFileTool: AgentTool {
    let specification = ToolSpecification(
        "send_file",
        "Sends a file to a chat, with a text if you like. Answers the message's number.",
        [
            "path": FileTools.path, "to": destination, "text": ["type": "string", "maxLength": 100_000],
            "filename": [
                "type": "string", "minLength": 1, "maxLength": 200, "description": "the name it is sent under",
            ],
        ],
        required: ["path"]
    )
    private let conversation: any Conversation
    private let server: ToolServerClient

    init(_ services: ToolServices) {
        conversation = services.conversation
        server = services.server
    }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let path = try arguments.required("path")
        let name = arguments.text("filename") ?? path.split(separator: "/").last.map(String.init) ?? ""
        guard PathSegment.isSafe(name), name.utf8.count <= 200 else {
            throw ToolFailure(
                "\"\(name.prefix(80))\" is no file name: no slashes or control characters, 200 bytes at most"
            )
        }
        let bytes = try await server.bytes(of: path, limit: context.limits.attachmentBytes)
        let number = try await conversation.send(
            text: arguments.text("text") ?? "",
            files: [OutgoingFile(name: name, bytes: bytes)],
            to: arguments.text("to")
        )
        return ToolResult("Sent \(name) (\(bytes.count) bytes) as message \(number).")
    }
}

/// Changes a message of the agent's own.
struct EditMessageTool: AgentTool {
    let specification = ToolSpecification(
        "edit_message",
        "Replaces the text of a message that you sent.",
        ["id": messageID, "text": ["type": "string", "minLength": 1, "maxLength": 100_000]],
        required: ["id", "text"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let id = arguments.integer("id") ?? 0
        try await conversation.edit(message: Int64(id), text: try arguments.required("text"))
        return ToolResult("The edit of message \(id) is on its way.")
    }
}

/// Puts an emoji on a message.
struct AddReactionTool: AgentTool {
    let specification = ToolSpecification(
        "add_reaction",
        "Puts an emoji on a message of anybody.",
        ["id": messageID, "emoji": ["type": "string", "minLength": 1, "maxLength": 64]],
        required: ["id", "emoji"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        let id = arguments.integer("id") ?? 0
        try await conversation.react(to: Int64(id), emoji: try arguments.required("emoji"))
        return ToolResult("The reaction to message \(id) is on its way.")
    }
}
