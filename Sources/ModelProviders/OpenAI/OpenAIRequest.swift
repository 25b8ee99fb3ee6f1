import Core

/// Writes the body of a streamed chat completion.
///
/// What grows, the messages, stands last.
struct OpenAIRequest: Sendable {
    var request: ModelRequest
    /// The field that bounds the answer.
    var limitKey: String

    func body() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.field(limitKey, raw: String(max(request.maximumOutputTokens, 1)))
            json.field("stream", raw: "true")
            json.field("stream_options", raw: #"{"include_usage":true}"#)
            if !request.tools.isEmpty { write(request.tools, to: &json) }
            json.key("messages")
            json.array { json in
                if !request.system.isEmpty { Self.message("system", text: request.system, to: &json) }
                for entry in History.normalized(request.messages) { Self.write(entry, to: &json) }
            }
        }
        return json.bytes
    }

    private func write(_ tools: [ToolDefinition], to json: inout JSONWriter) {
        json.key("tools")
        json.array { json in
            for tool in tools {
                json.object { json in
                    json.field("type", "function")
                    json.key("function")
                    json.object { json in
                        json.field("name", tool.name)
                        json.field("description", tool.description)
                        json.field("parameters", raw: tool.parameters)
                    }
                }
            }
        }
    }

    private static func message(_ role: String, text: String, to json: inout JSONWriter) {
        json.object { json in
            json.field("role", role)
            json.field("content", text)
        }
    }

    private static func write(_ entry: History.Entry, to json: inout JSONWriter) {
        switch entry {
        case .user(let texts):
            message("user", text: texts.joined(separator: "\n\n"), to: &json)
        case .assistant(let text, let calls):
            if calls.isEmpty {
                message("assistant", text: text, to: &json)
            } else {
                write(text, calls, to: &json)
            }
        case .results(let results):
            for result in results {
                json.object { json in
                    json.field("role", "tool")
                    json.field("tool_call_id", result.id)
                    json.field("content", result.text)
                }
            }
        }
    }

    private static func write(_ text: String, _ calls: [History.Call], to json: inout JSONWriter) {
        json.object { json in
            json.field("role", "assistant")
            if text.isEmpty { json.field("content", raw: "null") } else { json.field("content", text) }
            json.key("tool_calls")
            json.array { json in
                for call in calls {
                    json.object { json in
                        json.field("id", call.id)
                        json.field("type", "function")
                        json.key("function")
                        json.object { json in
                            json.field("name", call.name)
                            json.field("arguments", call.arguments)
                        }
                    }
                }
            }
        }
    }
}
