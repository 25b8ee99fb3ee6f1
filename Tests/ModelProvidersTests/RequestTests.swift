import FoundationEssentials
import Testing

@testable import ModelProviders

struct RequestTests {
    static let tool = ToolDefinition(
        name: "shell",
        description: "Runs \"it\".",
        parameters: #"{"type":"object","properties":{"command":{"type":"string"}},"required":["command"]}"#
    )

    /// Everything that a history can hold, in order.
    static let conversation: [ModelMessage] = [
        .user("first\nline <&> \u{1} é"),
        ModelMessage(
            role: .assistant,
            parts: [
                .text("I look."), .toolCall(id: "call_1", name: "shell", arguments: #"{"command":"ls"}"#),
                .toolCall(id: "call_2", name: "shell", arguments: "not JSON"),
            ]
        ),
        .toolResult(id: "call_1", text: "a\nb"),
        .toolResult(id: "call_2", text: "no", isError: true),
        .user("and more"),
        .assistant("done"),
    ]

    private func request(_ messages: [ModelMessage], system: String = "Be kind.") -> ModelRequest {
        ModelRequest(model: "m/1", system: system, messages: messages, tools: [Self.tool], maximumOutputTokens: 99)
    }

    private func openai(_ request: ModelRequest) -> String {
        String(decoding: OpenAIRequest(request: request, limitKey: "max_tokens").body(), as: UTF8.self)
    }

    private func anthropic(_ request: ModelRequest) -> String {
        String(decoding: AnthropicRequest(request: request).body(), as: UTF8.self)
    }

    @Test func `a chat completion is written as its wire says`() {
        let schema = Self.tool.parameters
        #expect(
            openai(request(Self.conversation)) == #"""
                {"model":"m/1","max_tokens":99,"stream":true,"stream_options":{"include_usage":true},"tools":[{"type":"function","function":{"name":"shell","description":"Runs \"it\".","parameters":\#(schema)}}],"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"first\nline <&> \u0001 é"},{"role":"assistant","content":"I look.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"shell","arguments":"{\"command\":\"ls\"}"}},{"id":"call_2","type":"function","function":{"name":"shell","arguments":"not JSON"}}]},{"role":"tool","tool_call_id":"call_1","content":"a\nb"},{"role":"tool","tool_call_id":"call_2","content":"no"},{"role":"user","content":"and more"},{"role":"assistant","content":"done"}]}
                """#
        )
    }

    @Test func `a message is written as its wire says`() {
        let schema = Self.tool.parameters
        #expect(
            anthropic(request(Self.conversation)) == #"""
                {"model":"m/1","max_tokens":99,"stream":true,"cache_control":{"type":"ephemeral"},"system":"Be kind.","tools":[{"name":"shell","description":"Runs \"it\".","input_schema":\#(schema)}],"messages":[{"role":"user","content":[{"type":"text","text":"first\nline <&> \u0001 é"}]},{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"call_1","name":"shell","input":{"command":"ls"}},{"type":"tool_use","id":"call_2","name":"shell","input":{"unreadable_arguments":"not JSON"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"a\nb"},{"type":"tool_result","tool_use_id":"call_2","content":"no","is_error":true},{"type":"text","text":"and more"}]},{"role":"assistant","content":[{"type":"text","text":"done"}]}]}
                """#
        )
    }

    @Test func `no system prompt and no tools leave no empty fields`() {
        let bare = ModelRequest(model: "m", system: "", messages: [.user("hi")], tools: [], maximumOutputTokens: 0)
        #expect(
            openai(bare)
                == #"{"model":"m","max_tokens":1,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#
        )
        #expect(
            anthropic(bare)
                == #"{"model":"m","max_tokens":1,"stream":true,"cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#
        )
    }

    @Test func `T66 over 20 turns each request begins with the bytes of the one before`() {
        var messages: [ModelMessage] = []
        var before: [String] = []
        for turn in 1...20 {
            messages.append(.user("question \(turn)"))
            for step in 0...turn % 3 {
                let now = [openai(request(messages)), anthropic(request(messages))]
                for (earlier, later) in zip(before, now) { #expect(later.hasPrefix(earlier.dropLast(2))) }
                before = now
                guard step < turn % 3 else { break }
                let id = "call \(turn) \(step)"
                messages.append(
                    ModelMessage(role: .assistant, parts: [.toolCall(id: id, name: "shell", arguments: "{}")])
                )
                messages.append(.toolResult(id: id, text: "result"))
            }
            messages.append(.assistant("answer \(turn)"))
        }
        #expect(messages.count > 60)
    }

    @Test func `a transcript survives its JSON`() throws {
        let line = try JSONEncoder().encode(Self.conversation)
        #expect(try JSONDecoder().decode([ModelMessage].self, from: line) == Self.conversation)
    }
}
