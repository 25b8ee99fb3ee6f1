import Core

/// Sends a card: a title, a text, and links as buttons.
struct SendCardTool: AgentTool {
    let specification = ToolSpecification(
        "send_card",
        """
        Sends a card at once: a title, a text in Markdown, and links that are shown as buttons where the channel has \
        them. Answers its number. To ask something use ask_user_question.
        """,
        [
            "card": [
                "type": "object",
                "properties": [
                    "title": ["type": "string", "minLength": 1, "maxLength": 100, "description": "one line"],
                    "description": ["type": "string", "maxLength": 4000],
                    "actions": [
                        "type": "array", "maxItems": .integer(Int64(OutboundCard.mostLinks)),
                        "items": [
                            "type": "object",
                            "properties": [
                                "label": ["type": "string", "minLength": 1, "maxLength": 100],
                                "url": ["type": "string", "maxLength": .integer(Int64(OutboundCard.longestURL))],
                            ],
                            "required": ["label"], "additionalProperties": false,
                        ],
                    ],
                ],
                "required": ["title"], "additionalProperties": false,
            ],
            "fallback_text": [
                "type": "string", "maxLength": 10_000, "description": "what is sent where there are no cards",
            ],
            "to": [
                "type": "string", "minLength": 1, "maxLength": 128,
                "description": "a destination's name; without it the chat that you are answering",
            ],
        ],
        required: ["card"]
    )
    private let conversation: any Conversation

    init(_ services: ToolServices) { conversation = services.conversation }

    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult {
        guard let given = arguments.value("card"), let title = given[key: "title"]?.string else {
            throw ToolFailure("\"card\" is missing")
        }
        let actions = given[key: "actions"]?.array ?? []
        let links = actions.compactMap { action -> OutboundCard.Link? in
            guard let label = action[key: "label"]?.string, let url = action[key: "url"]?.string, !url.isEmpty else {
                return nil
            }
            return OutboundCard.Link(label: label, url: url)
        }
        let card = OutboundCard(title: title, body: given[key: "description"]?.string ?? "", links: links)
        if let fault = card.fault { throw ToolFailure(fault) }
        let text = arguments.text("fallback_text").flatMap { $0.isEmpty ? nil : $0 } ?? card.plain
        let number = try await conversation.send(card: card, text: text, to: arguments.text("to"))
        let dropped = actions.count - links.count
        let note = dropped == 0 ? "" : " \(dropped) of its actions had no url and were left out."
        return ToolResult("Sent as message \(number).\(note)")
    }
}
