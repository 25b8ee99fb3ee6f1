import Core

/// The tools by which an agent keeps its tasks: each asks the host, which decides.
struct TaskTool: AgentTool {
    /// How long the host is waited for.
    private static let patience = Duration.seconds(30)

    let specification: ToolSpecification
    private let conversation: any Conversation

    private init(
        _ services: ToolServices,
        _ name: String,
        _ description: String,
        _ properties: [String: JSONValue],
        required: [String] = []
    ) {
        specification = ToolSpecification(name, description, properties, required: required)
        conversation = services.conversation
    }

    func declaredTimeout(_ arguments: ToolArguments) -> Duration? { Self.patience + .seconds(5) }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        var given: [String: JSONValue] = [:]
        for name in Self.names { given[name] = arguments.value(name) }
        return try await conversation.ask(
            host: specification.name,
            arguments: .object(given),
            waitingFor: Self.patience
        ).toolResult
    }

    // MARK: - All of them

    static func all(_ services: ToolServices) -> [TaskTool] {
        [
            TaskTool(
                services,
                "schedule_task",
                """
                Makes a task that you do later: give prompt and one of at (one time), every (an interval) or cron. When it \
                is due you get a <task> with the prompt, in this conversation. Answers the next run in the task's zone and \
                in UTC: tell that to who asked.
                """,
                fields.merging(["to": to]) { $1 },
                required: ["prompt"]
            ),
            TaskTool(
                services,
                "list_tasks",
                "Lists your tasks by their next time, one a line.",
                ["all": ["type": "boolean", "description": "also those that are done or cancelled"]]
            ),
            TaskTool(
                services,
                "update_task",
                """
                Changes a task; what you leave out stays. An empty every or cron makes it run once more only, an empty \
                script or name takes it away.
                """,
                fields.merging(["task": task]) { $1 },
                required: ["task"]
            ),
            TaskTool(services, "pause_task", "Holds a task until it is resumed.", ["task": task], required: ["task"]),
            TaskTool(
                services,
                "resume_task",
                "Lets a paused task go on; if it fell due meanwhile it runs at once.",
                ["task": task],
                required: ["task"]
            ),
            TaskTool(services, "cancel_task", "Ends a task for good.", ["task": task], required: ["task"]),
        ]
    }

    private static let task: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": 100, "description": "the task's id, or its name",
    ]
    private static let to: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": 64,
        "description": "a destination to speak in when it is due; without it this chat",
    ]
    private static let fields: [String: JSONValue] = [
        "prompt": ["type": "string", "minLength": 1, "maxLength": 16_384, "description": "what you are to do then"],
        "at": [
            "type": "string", "maxLength": 64,
            "description":
                "2026-03-29T09:00 on the clocks of the zone, or with Z or an offset; with every the first time",
        ],
        "every": ["type": "string", "maxLength": 40, "description": "elapsed time, 60 s at least: 15m, 2h, 1d"],
        "cron": [
            "type": "string", "maxLength": 512,
            "description": "minute hour day-of-month month day-of-week, such as 0 9 * * mon-fri",
        ],
        "zone": ["type": "string", "maxLength": 64, "description": "IANA name; without it your own zone"],
        "script": [
            "type": "string", "maxLength": 32_768,
            "description": """
            a /bin/sh script run first, in your sandbox, 30 s at most; its last line must be JSON: \
            {"wakeAgent": false} when there is nothing to do, {"wakeAgent": true, "data": …} to get the task with the data
            """,
        ],
        "name": ["type": "string", "maxLength": 100],
        "missed_runs": [
            "type": "string", "enum": ["skip", "latest", "all"],
            "description": "runs whose time went by while the host was down: latest unless given",
        ],
        "fresh": [
            "type": "boolean",
            "description": "true: the turn gets nothing of this conversation, as suits a regular check",
        ],
    ]
    private static let names = Array(fields.keys).sorted() + ["all", "task", "to"]
}
