import Testing

@testable import ModelProviders

struct StreamTests {
    private static let all = Recorded.openai.map { ("openai", $0) } + Recorded.anthropic.map { ("anthropic", $0) }

    private static let answers: [String: Answer] = [
        "openai/text": Answer(text: "Grüße, 世界 👋\n", usage: [1117, 46, 1024], reasons: [.stop]),
        "openai/two-tools": Answer(
            calls: [
                .init(id: "call_DdmO9pD3xa9XTPNJ32zg2hcA", name: "shell", arguments: #"{"command": "ls"}"#),
                .init(id: "call_5JvE9pQ", name: "read_file", arguments: #"{"path": "a \"b\".txt"}"#),
            ],
            usage: [1117, 46, 1024],
            reasons: [.toolCalls]
        ),
        "openai/ollama-tool": Answer(
            calls: [.init(id: "call_8xq2", name: "shell", arguments: #"{"command":"date"}"#)],
            usage: [171, 17, nil],
            reasons: [.toolCalls]
        ),
        "openai/llama-reasoning": Answer(
            text: "Hello!",
            thinking: "The user greets.",
            usage: [12, 9, 4],
            reasons: [.stop]
        ),
        "openai/vllm-length": Answer(text: "one two", usage: [5, 2, nil], reasons: [.length]),
        "anthropic/text": Answer(text: "Grüße, 世界 👋", usage: [1000, 15, 900], reasons: [.stop]),
        "anthropic/text-and-tools": Answer(
            text: "Let me look.",
            calls: [
                .init(id: "toolu_01T1x1", name: "shell", arguments: #"{"command": "ls -l"}"#),
                .init(id: "toolu_02", name: "recall", arguments: "{}"),
            ],
            usage: [25, 89, nil],
            reasons: [.toolCalls]
        ),
        "anthropic/thinking": Answer(text: "42", thinking: "Let me see.", usage: [25, 7, nil], reasons: [.length]),
    ]

    @Test(arguments: all)
    func `a recorded stream is read`(wire: String, name: String) throws {
        let bytes = try recorded("\(wire)/\(name)")
        #expect(try read([bytes[...]], with: parser(wire)) == Self.answers["\(wire)/\(name)"])
    }

    @Test(arguments: all)
    func `a stream cut into two anywhere reads the same`(wire: String, name: String) throws {
        let bytes = try recorded("\(wire)/\(name)")
        let expected = Self.answers["\(wire)/\(name)"]
        for cut in 0...bytes.count {
            #expect(try read([bytes[..<cut], bytes[cut...]], with: parser(wire)) == expected, "cut at \(cut)")
        }
        #expect(try read(bytes.indices.map { bytes[$0...$0] }, with: parser(wire)) == expected)
    }

    @Test(arguments: all)
    func `T28 a stream that ends early is an error, never a result`(wire: String, name: String) throws {
        let bytes = try recorded("\(wire)/\(name)")
        let whole = try #require(Self.answers["\(wire)/\(name)"])
        for length in 0..<bytes.count {
            do {
                let answer = try read([bytes[..<length]], with: parser(wire))
                // Only what stands behind the end may be missing: the counts and the mark.
                #expect(answer.reasons == whole.reasons, "\(length) bytes")
                #expect(answer.text == whole.text && answer.calls == whole.calls, "\(length) bytes")
            } catch let error as ModelError {
                #expect([.truncated, .malformed].contains(error.code), "\(length) bytes: \(error)")
                #expect(error.isRetryable)
            }
        }
    }

    @Test(arguments: ["openai", "anthropic"])
    func `nothing is an answer without an end`(wire: String) {
        #expect(code { _ = try read("", with: parser(wire)) } == .truncated)
        #expect(code { _ = try read("\n\n: ping\n\n", with: parser(wire)) } == .malformed)
    }

    @Test(
        arguments: ["openai", "anthropic"],
        [
            "<html><body>Welcome to nginx!</body></html>", "data: {\"choices\": [{\"delta\": \u{0}}\n\n",
            "data: ]]]\n\n", "data: [1,2]\n\n", "data: \"text\"\n\n", "{\"message\":{\"content\":\"hi\"}}\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "data: [DONE]\n\n",
        ]
    )
    func `garbage is malformed`(wire: String, body: String) {
        #expect(code { _ = try read(body, with: parser(wire)) } == .malformed)
    }

    @Test(
        arguments: ["openai", "anthropic"],
        [
            (
                #"{"error":{"message":"Overloaded","type":"overloaded_error"}}"#,
                ModelError.Code.overloaded(retryAfter: nil)
            ),
            (#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#, .rateLimited(retryAfter: nil)),
            (#"{"error":{"code":401,"message":"Invalid API key","type":"x"}}"#, .unauthorized),
            (#"{"error":{"code":400,"message":"bad","type":"invalid_request_error"}}"#, .rejected),
            (#"{"error":{"code":400,"message":"too many","type":"exceed_context_size_error"}}"#, .contextTooLong),
        ]
    )
    func `an error inside the stream ends it with its cause`(wire: String, failure: (String, ModelError.Code)) throws {
        let name = wire == "openai" ? "openai/text" : "anthropic/text"
        let half = String(decoding: try recorded(name).prefix(500), as: UTF8.self)
        let start = half[..<(half.firstRange(of: "\n\n")?.upperBound ?? half.startIndex)]
        let event = wire == "openai" ? "" : "event: error\n"
        #expect(code { _ = try read("\(start)\(event)data: \(failure.0)\n\n", with: parser(wire)) } == failure.1)
        #expect(code { _ = try read("\(start)error: \(failure.0)\n\n", with: parser(wire)) } == failure.1)
    }

    @Test func `counts of tokens that no number holds are no counts, and no end of the runner`() throws {
        let body = """
            data: {"type":"message_start","message":{"usage":{"input_tokens":9223372036854775807,\
            "cache_read_input_tokens":1,"cache_creation_input_tokens":9223372036854775807}}}

            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

            data: {"type":"message_stop"}


            """
        #expect(try read(body, with: parser("anthropic")) == Answer(usage: [nil, 2, 1], reasons: [.stop]))
    }

    @Test func `kinds of events and blocks that are not known are passed over`() throws {
        let body = """
            event: message_start
            data: {"type":"message_start","message":{}}

            event: news
            data: {"type":"news","anything":[1]}

            data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"x","name":"y"}}

            data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}

            data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta"}}

            data: {"type":"message_delta","delta":{"stop_reason":"pause_turn"}}

            data: {"type":"message_stop"}


            """
        #expect(try read(body, with: parser("anthropic")) == Answer(reasons: [.other("pause_turn")]))
    }
}
