import Testing

@testable import ModelProviders

/// What servers make of the wire that OpenAI wrote down.
struct OpenAIDifferencesTests {
    private func answer(_ deltas: [String], reason: String? = "stop", done: Bool = true) throws -> Answer {
        var body = deltas.map { "data: {\"choices\":[{\"delta\":\($0)}]}\n\n" }.joined()
        if let reason { body += "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"\(reason)\"}]}\n\n" }
        return try read(body + (done ? "data: [DONE]\n\n" : ""), with: parser("openai"))
    }

    @Test func `a call without id or index gets an id of ours`() throws {
        let found = try answer([#"{"tool_calls":[{"function":{"name":"shell","arguments":"{}"}}]}"#])
        #expect(found.calls == [.init(id: "made", name: "shell", arguments: "{}")])
        #expect(found.reasons == [.toolCalls])
    }

    @Test func `pieces without index or id go on with the last call`() throws {
        let found = try answer([
            #"{"tool_calls":[{"function":{"name":"a","arguments":"{\"x\""}}]}"#,
            #"{"tool_calls":[{"function":{"arguments":":1}"}}]}"#,
            #"{"tool_calls":[{"function":{"name":"b"}}]}"#,
        ])
        #expect(found.calls.map(\.name) == ["a", "b"])
        #expect(found.calls.map(\.arguments) == [#"{"x":1}"#, "{}"])
    }

    @Test func `two whole calls that both say index 0 are two`() throws {
        let found = try answer([
            #"{"tool_calls":[{"index":0,"id":"one","function":{"name":"a","arguments":"{}"}}]}"#,
            #"{"tool_calls":[{"index":0,"id":"two","function":{"name":"b","arguments":"{}"}}]}"#,
        ])
        #expect(found.calls.map(\.id) == ["one", "two"])
    }

    @Test func `interleaved pieces find their call by index`() throws {
        let found = try answer([
            #"{"tool_calls":[{"index":0,"id":"one","function":{"name":"a","arguments":"{"}},{"index":1,"id":"two","function":{"name":"b","arguments":"["}}]}"#,
            #"{"tool_calls":[{"index":1,"function":{"arguments":"]"}},{"index":0,"function":{"arguments":"}"}}]}"#,
        ])
        #expect(found.calls.map(\.arguments) == ["{}", "[]"])
    }

    @Test func `an id repeated with every piece is one call`() throws {
        let piece = #"{"tool_calls":[{"index":0,"id":"one","function":{"name":"a","arguments":"1"}}]}"#
        let found = try answer([piece, piece])
        #expect(found.calls == [.init(id: "one", name: "a", arguments: "11")])
    }

    @Test func `arguments may be an object instead of its text`() throws {
        let found = try answer([
            #"{"tool_calls":[{"id":"x","function":{"name":"a","arguments":{"n":1,"b":[true,null,"/"]}}}]}"#
        ])
        #expect(found.calls.map(\.arguments) == [#"{"b":[true,null,"/"],"n":1}"#])
    }

    @Test func `a call without a name is malformed`() {
        #expect(code { _ = try answer([#"{"tool_calls":[{"id":"x","function":{"arguments":"{}"}}]}"#]) } == .malformed)
    }

    @Test func `either mark of the end is enough, none is not`() throws {
        #expect(try answer([#"{"content":"hi"}"#], reason: nil).reasons == [.stop])
        #expect(try answer([#"{"content":"hi"}"#], done: false).reasons == [.stop])
        #expect(code { _ = try answer([#"{"content":"hi"}"#], reason: nil, done: false) } == .truncated)
    }

    @Test func `what follows the end is not read`() throws {
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\ndata: garbage\n\n"
        #expect(try read(body, with: parser("openai")).text == "a")
    }

    @Test(arguments: [("length", ModelEvent.FinishReason.length), ("content_filter", .refusal), ("eos", .other("eos"))])
    func `a finish reason keeps its meaning`(word: String, reason: ModelEvent.FinishReason) throws {
        #expect(try answer([#"{"content":"hi"}"#], reason: word).reasons == [reason])
    }

    @Test func `reasoning under either name is thinking`() throws {
        let found = try answer([#"{"reasoning":"a"}"#, #"{"reasoning_content":"b","content":null}"#])
        #expect(found.thinking == "ab")
        #expect(found.text == "")
    }
}
