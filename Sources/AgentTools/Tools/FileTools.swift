import Core

/// Tools that are one request to the tool server.
struct ServerTool: AgentTool {
    let specification: ToolSpecification
    private let server: ToolServerClient
    private let request: @Sendable (ToolArguments, ToolContext) async throws -> FileRequest

    init(
        _ services: ToolServices,
        _ specification: ToolSpecification,
        _ request: @escaping @Sendable (ToolArguments, ToolContext) async throws -> FileRequest
    ) {
        self.specification = specification
        server = services.server
        self.request = request
    }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        ToolResult(try await server.text(try await request(arguments, context)))
    }
}

/// Reading, writing, changing and finding files.
enum FileTools {
    static let path: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": 4096,
        "description": "relative to /workspace/agent, or absolute",
    ]

    static func all(_ services: ToolServices) -> [any AgentTool] {
        [read(services), write(services), edit(services), glob(services)]
    }

    private static func read(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "read_file",
            "Reads a text file, or some lines of it.",
            [
                "path": path,
                "offset": ["type": "integer", "minimum": 1, "description": "first line; 1 by default"],
                "limit": ["type": "integer", "minimum": 1, "description": "most lines; 2000 by default"],
            ],
            required: ["path"]
        )
        return ServerTool(services, specification) { arguments, context in
            .read(
                path: try arguments.required("path"),
                offset: arguments.integer("offset") ?? 1,
                lines: arguments.integer("limit") ?? 2000,
                bytes: context.limits.toolOutput
            )
        }
    }

    private static func write(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "write_file",
            "Writes a whole text file; its directories are made and an existing file is replaced.",
            ["path": path, "content": ["type": "string", "maxLength": 4_194_304]],
            required: ["path", "content"]
        )
        return ServerTool(services, specification) { arguments, _ in
            .write(path: try arguments.required("path"), text: try arguments.required("content"))
        }
    }

    private static func edit(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "edit_file",
            "Replaces a piece of text in a file. The old text must stand there exactly once, or set all.",
            [
                "path": path, "old": ["type": "string", "minLength": 1], "new": ["type": "string"],
                "all": ["type": "boolean", "description": "replace every occurrence"],
            ],
            required: ["path", "old", "new"]
        )
        return ServerTool(services, specification) { arguments, _ in
            .edit(
                path: try arguments.required("path"),
                old: try arguments.required("old"),
                new: try arguments.required("new"),
                all: arguments.flag("all")
            )
        }
    }

    private static func glob(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "glob",
            "Lists paths that fit a pattern such as **/*.md or notes/2026-*. Directories end with a slash.",
            ["pattern": ["type": "string", "minLength": 1, "maxLength": 1024], "path": path],
            required: ["pattern"]
        )
        return ServerTool(services, specification) { arguments, _ in
            .glob(pattern: try arguments.required("pattern"), path: arguments.text("path") ?? ".", limit: 500)
        }
    }
}

/// Memory and skills.
enum MemoryTools {
    static func all(_ services: ToolServices) -> [any AgentTool] {
        [remember(services), recall(services), readSkill(services)]
    }

    private static func remember(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "remember",
            "Keeps one fact for later conversations, in memory/<topic>.md of your folder.",
            [
                "text": ["type": "string", "minLength": 1, "maxLength": 8000],
                "topic": ["type": "string", "maxLength": 60, "description": "the file; \"notes\" by default"],
            ],
            required: ["text"]
        )
        return ServerTool(services, specification) { arguments, _ in
            .remember(
                text: try arguments.required("text"),
                topic: arguments.text("topic") ?? "notes",
                provenance: await services.conversation.provenance()
            )
        }
    }

    private static func recall(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "recall",
            "Finds remembered facts that hold some of these words; without words the newest.",
            ["query": ["type": "string", "maxLength": 1000]]
        )
        return ServerTool(services, specification) { arguments, _ in
            .recall(words: arguments.text("query") ?? "", limit: 20)
        }
    }

    private static func readSkill(_ services: ToolServices) -> ServerTool {
        let specification = ToolSpecification(
            "read_skill",
            "Gives the instructions of a skill.",
            ["name": ["type": "string", "minLength": 1, "maxLength": 64]],
            required: ["name"]
        )
        return ServerTool(services, specification) { arguments, _ in .skill(name: try arguments.required("name")) }
    }
}
