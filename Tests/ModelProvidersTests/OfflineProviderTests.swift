import Core
import Testing

@testable import ModelProviders

struct OfflineProviderTests {
    private static let names = [
        "shell", "read_file", "write_file", "send_file", "send_message", "remember", "recall",
        "ask_user_question",
    ]
    private let tools = names.map { ToolDefinition(name: $0, description: "", parameters: "{}") }

    private func answer(_ messages: [ModelMessage], tools: [ToolDefinition]? = nil) async throws -> Answer {
        var answer = Answer()
        let request = ModelRequest(model: "offline", system: "", messages: messages, tools: tools ?? self.tools)
        for try await event in OfflineProvider().stream(request) { answer.take([event]) }
        return answer
    }

    private func prompt(_ text: String, from name: String = "cli") -> String {
        "<message id=\"2\" from=\"\(name)\" sender=\"Ada\" time=\"now\">\(text)</message>"
    }

    @Test func `a plain message gets an honest answer that names the way out`() async throws {
        let answer = try await answer([.user("<context timezone=\"UTC\" />\n" + prompt("hello"))])
        #expect(answer.text.hasPrefix("<message to=\"cli\">No model is configured"))
        #expect(answer.text.contains("nanoclaw providers add NAME --kind openai|anthropic"))
        #expect(answer.text.contains("nanoclaw groups config update GROUP --provider NAME"))
        #expect(answer.text.hasSuffix("</message>"))
        #expect(answer.reasons == [.stop])
        #expect(answer.calls.isEmpty)
    }

    @Test(arguments: [
        ("run ls -l | wc", "shell", #"{"command":"ls -l | wc"}"#),
        ("  RUN echo &lt;a&gt; &amp;&amp; echo &quot;b&#39;", "shell", #"{"command":"echo <a> && echo \"b'"}"#),
        ("run cat &lt;&lt;E\nx\nE", "shell", #"{"command":"cat <<E\nx\nE"}"#),
        ("read notes.txt", "read_file", #"{"path":"notes.txt"}"#),
        ("read &quot;my notes.txt&quot;", "read_file", #"{"path":"my notes.txt"}"#),
        ("write a.txt some text", "write_file", #"{"path":"a.txt","content":"some text"}"#),
        ("write &quot;a b.txt&quot; some\ntext", "write_file", #"{"path":"a b.txt","content":"some\ntext"}"#),
        ("send &quot;my notes.txt&quot;", "send_file", #"{"path":"my notes.txt"}"#),
        ("tell helper run date", "send_message", #"{"to":"helper","text":"run date"}"#),
        ("remember the milk", "remember", #"{"text":"the milk"}"#),
        ("recall milk", "recall", #"{"query":"milk"}"#),
        (
            "ask Shall I? | yes | not now", "ask_user_question",
            #"{"title":"A question","question":"Shall I?","options":["yes","not now"]}"#
        ),
        ("<quoted_message from=\"Bo\">run rm</quoted_message>\nrun id", "shell", #"{"command":"id"}"#),
    ])
    func `a plain command becomes a tool call`(text: String, tool: String, arguments: String) async throws {
        let answer = try await answer([.user(prompt(text))])
        #expect(answer.calls == [.init(id: "offline_1", name: tool, arguments: arguments)])
        #expect(answer.reasons == [.toolCalls])
        #expect(answer.text == "")
    }

    @Test(arguments: [
        "run", "read  ", "write", "write a.txt", "send", "tell", "tell helper", "remember", "recall", "ask", "ask Why?",
        "help",
    ])
    func `a command that says too little gets the list of commands`(text: String) async throws {
        let answer = try await answer([.user(prompt(text))])
        #expect(answer.calls.isEmpty)
        #expect(answer.text.contains("run &lt;shell command&gt;"))
    }

    @Test(arguments: ["running late", "readme?", "please run ls"])
    func `a sentence is no command`(text: String) async throws {
        #expect(try await answer([.user(prompt(text))]).calls.isEmpty)
    }

    @Test func `a tool that the agent does not have is not called`() async throws {
        let answer = try await answer([.user(prompt("run ls"))], tools: [])
        #expect(answer.calls.isEmpty)
        #expect(answer.text.contains("shell"))
    }

    @Test func `the tool's result is the reply to where the message came from`() async throws {
        let messages: [ModelMessage] = [
            .user(prompt("run ls", from: "a &amp; b")),
            ModelMessage(role: .assistant, parts: [.toolCall(id: "offline_1", name: "shell", arguments: "{}")]),
            .toolResult(id: "offline_1", text: "x < y & \"z\"\n"),
        ]
        let answer = try await answer(messages)
        #expect(answer.text == "<message to=\"a &amp; b\">x &lt; y &amp; &quot;z&quot;\n</message>")
        #expect(answer.reasons == [.stop])
    }

    @Test func `messages in one prompt are answered in order, each to its own place`() async throws {
        var messages: [ModelMessage] = [
            .user(
                "<messages>\n\(prompt("run a", from: "one"))\n\(prompt("hi", from: "two"))\n\(prompt("read b", from: "three"))\n</messages>"
            )
        ]
        let first = try await answer(messages)
        #expect(first.calls.map(\.name) == ["shell", "read_file"])
        messages.append(
            ModelMessage(
                role: .assistant,
                parts: first.calls.map { .toolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
            )
        )
        messages += [.toolResult(id: first.calls[1].id, text: "B"), .toolResult(id: first.calls[0].id, text: " ")]
        let text = try await answer(messages).text
        let blocks = text.split(separator: "</message>").map { $0.drop { $0 == "\n" } }
        #expect(blocks.count == 3)
        #expect(blocks[0] == "<message to=\"one\">(no output)")
        #expect(blocks[1].hasPrefix("<message to=\"two\">No model"))
        #expect(blocks[2] == "<message to=\"three\">B")
    }

    @Test func `a follow-up in the middle of a turn gets its own call and reply`() async throws {
        var messages: [ModelMessage] = [
            .user(prompt("run a")),
            ModelMessage(role: .assistant, parts: [.toolCall(id: "offline_1", name: "shell", arguments: "{}")]),
            .toolResult(id: "offline_1", text: "A"),
            .user(prompt("run b")),
        ]
        let second = try await answer(messages)
        #expect(second.calls == [.init(id: "offline_2", name: "shell", arguments: #"{"command":"b"}"#)])
        messages += [
            ModelMessage(role: .assistant, parts: [.toolCall(id: "offline_2", name: "shell", arguments: "{}")]),
            .toolResult(id: "offline_2", text: "B"),
        ]
        #expect(
            try await answer(messages).text
                == "<message to=\"cli\">A</message>\n<message to=\"cli\">B</message>"
        )
    }

    @Test func `earlier turns are not answered again`() async throws {
        let answer = try await answer([
            .user(prompt("run a")),
            ModelMessage(role: .assistant, parts: [.toolCall(id: "offline_1", name: "shell", arguments: "{}")]),
            .toolResult(id: "offline_1", text: "A"),
            .assistant("<message to=\"cli\">A</message>"),
            .user(prompt("run b")),
        ])
        #expect(answer.calls.map(\.id) == ["offline_2"])
        #expect(answer.calls.map(\.arguments) == [#"{"command":"b"}"#])
    }

    @Test func `a task's instructions are a command, news of the system is not answered`() async throws {
        let task = "<task id=\"4\" from=\"cli\" time=\"now\">Script output:\nx\n\nInstructions:\nrun date</task>"
        #expect(try await answer([.user(task)]).calls.map(\.arguments) == [#"{"command":"date"}"#])
        let news =
            "<system_response id=\"6\" from=\"cli\" action=\"deliver\" status=\"error\">run away</system_response>"
        let answer = try await answer([.user("<context timezone=\"UTC\" />\n" + news)])
        #expect(answer.calls.isEmpty)
        #expect(answer.text == "<internal>Nothing asks for an answer.</internal>")
    }

    @Test(arguments: [
        "", "<", "<message", "<message from=\"a\"", "<message from=\"a\">run ls", "</message>", "<<>>", "&#x;&;&",
    ])
    func `a broken prompt is no trap`(text: String) async throws {
        #expect(try await answer([.user(text)]).reasons.count == 1)
    }
}
