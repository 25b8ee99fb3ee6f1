import Core

/// Writes the body of a streamed message.
///
/// What grows, the messages, stands last.
struct AnthropicRequest: Sendable {
    var request: ModelRequest

    func body() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.field("max_tokens", raw: String(max(request.maximumOutputTokens, 1)))
            json.field("stream", raw: "true")
            // One mark for the whole request: the server moves its cache point on as the messages grow.
            json.field("cache_control", raw: #"{"type":"ephemeral"}"#)
            if !request.system.isEmpty { json.field("system", request.system) }
            if !request.tools.isEmpty { write(request.tools, to: &json) }
            json.key("messages")
            json.array { json in Self.write(History.normalized(request.messages), to: &json) }
        }
        return json.bytes
    }

    private func write(_ tools: [ToolDefinition], to json: inout JSONWriter) {
        json.key("tools")
        json.array { json in
            for tool in tools {
                json.object { json in
                    json.field("name", tool.name)
                    json.field("description", tool.description)
                    json.field("input_schema", raw: tool.parameters)
                }
            }
        }
    }

    /// Results go to the user's side: with the text that follows them they are one message.
    private static func write(_ entries: [History.Entry], to json: inout JSONWriter) {
        var index = 0
        while index < entries.count {
            let isAssistant = entries[index].isAssistant
            json.object { json in
                json.field("role", isAssistant ? "assistant" : "user")
                json.key("content")
                json.array { json in
                    while index < entries.count, entries[index].isAssistant == isAssistant {
                        write(entries[index], to: &json)
                        index += 1
                    }
                }
            }
        }
    }

    private static func write(_ entry: History.Entry, to json: inout JSONWriter) {
        switch entry {
        case .user(let texts):
            for text in texts { write(text, to: &json) }
        case .assistant(let text, let calls):
            if !text.isEmpty { write(text, to: &json) }
            for call in calls {
                json.object { json in
                    json.field("type", "tool_use")
                    json.field("id", call.id)
                    json.field("name", call.name)
                    json.field(
                        "input",
                        raw: isObject(call.arguments) ? call.arguments : unread(call.arguments)
                    )
                }
            }
        case .results(let results):
            for result in results {
                json.object { json in
                    json.field("type", "tool_result")
                    json.field("tool_use_id", result.id)
                    json.field("content", result.text)
                    if result.isError { json.field("is_error", raw: "true") }
                }
            }
        }
    }

    private static func write(_ text: String, to json: inout JSONWriter) {
        json.object { json in
            json.field("type", "text")
            json.field("text", text)
        }
    }

    private static func isObject(_ text: String) -> Bool {
        (try? JSONValue(parsing: text))?.object != nil
    }

    /// Arguments that are no JSON object, as one: the wire takes nothing else.
    private static func unread(_ arguments: String) -> String {
        var json = JSONWriter()
        json.object { $0.field("unreadable_arguments", arguments) }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension History.Entry {
    fileprivate var isAssistant: Bool {
        if case .assistant = self { return true }
        return false
    }
}
