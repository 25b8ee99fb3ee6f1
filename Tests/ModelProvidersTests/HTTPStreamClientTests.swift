import Core
import NetworkTestSupport
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(1)))
struct HTTPStreamClientTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    private static let hello = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n"

    private func provider(_ port: Int, _ change: (inout ModelTimeouts) -> Void = { _ in }) -> any ModelProvider {
        var timeouts = ModelTimeouts()
        change(&timeouts)
        return ModelProviders.make(
            kind: .openai,
            endpoint: ModelEndpoint(port: port, path: "/model/p"),
            timeouts: timeouts
        )
    }

    private func answer(_ provider: any ModelProvider) async throws -> Answer {
        var answer = Answer()
        let request = ModelRequest(model: "m", system: "", messages: [.user("hi")])
        for try await event in provider.stream(request) { answer.take([event]) }
        return answer
    }

    private func failure(_ provider: any ModelProvider) async -> ModelError? {
        do {
            _ = try await answer(provider)
            return nil
        } catch {
            return error as? ModelError
        }
    }

    @Test func `a streamed answer arrives whole`() async throws {
        try await RawServer.with(.bytes(Self.head + Self.hello + "data: [DONE]\n\n")) { server in
            #expect(try await answer(provider(server.port)) == Answer(text: "hi", reasons: [.stop]))
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("POST /model/p/chat/completions HTTP/1.1\r\n"))
            #expect(!request.lowercased().contains("authorization"))
        }
    }

    @Test func `the end of the answer ends the stream although the connection stays`() async throws {
        try await RawServer.with(.open(Self.head + Self.hello + "data: [DONE]\n\n")) { server in
            let hi = try await answer(provider(server.port))
            #expect(hi.text == "hi")
        }
    }

    private static let whole =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: \((hello + done).utf8.count)\r\n\r\n\(hello + done)"
    private static let done = "data: [DONE]\n\n"

    @Test func `the next request takes the connection that an answer has left open`() async throws {
        try await RawServer.with(.open(Self.whole)) { server in
            let provider = provider(server.port)
            for _ in 0..<3 {
                let hi = try await answer(provider)
                #expect(hi == Answer(text: "hi", reasons: [.stop]))
            }
            #expect(server.connections == 1 && server.requests.count == 3)
        }
    }

    @Test func `an answer whose end is still to come keeps nobody from the next request`() async throws {
        try await RawServer.with(.open(Self.whole.replacing("content-length: ", with: "content-length: 9"))) { server in
            let provider = provider(server.port)
            for _ in 0..<2 {
                let hi = try await answer(provider)
                #expect(hi.text == "hi")
            }
            #expect(server.connections == 2)
        }
    }

    @Test(arguments: [whole, whole.replacing("content-length: ", with: "content-length: 9")])
    func `a connection that nobody asks for is closed, whether its answer has ended or not`(reply: String) async throws
    {
        try await RawServer.with(.open(reply)) { server in
            let hi = try await answer(provider(server.port) { $0.kept = .milliseconds(30) })
            #expect(hi.text == "hi")
            for await _ in server.closings { break }
        }
    }

    @Test func `a kept connection that the server closes instead of answering is no error`() async throws {
        try await RawServer.with(.open(Self.whole), .bytes(""), .open(Self.whole)) { server in
            let provider = provider(server.port)
            for _ in 0..<2 {
                let hi = try await answer(provider)
                #expect(hi.text == "hi")
            }
            #expect(server.connections == 2 && server.requests.count == 3)
        }
    }

    @Test(arguments: [
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 27\r\n\r\n{\"error\":{\"message\":\"nope\"}}",
            ModelError.Code.unauthorized
        ),
        ("HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", .rateLimited(retryAfter: .seconds(7))),
        (
            "HTTP/1.1 503 Busy\r\nretry-after-ms: 1500\r\ncontent-length: 0\r\n\r\n",
            .overloaded(retryAfter: .milliseconds(1500))
        ),
        ("HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\nbroken", .overloaded(retryAfter: nil)),
        ("HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\nbroken", .overloaded(retryAfter: nil)),
        ("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n", .rejected),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", .rejected),
        ("", .network),
        ("garbage\r\n\r\n", .malformed),
        (head, .truncated),
        (head + hello, .truncated),
        (head + "<html>\n", .malformed),
        (head + "data: {]\n\n", .malformed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + hello, .truncated),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n", .truncated),
    ])
    func `T28 a failing server becomes a typed error`(reply: String, code: ModelError.Code) async throws {
        try await RawServer.with(.bytes(reply)) { server in
            #expect(await failure(provider(server.port))?.code == code)
        }
    }

    @Test func `T29 after a failure the next request is a fresh one`() async throws {
        let refusal = "HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n"
        try await RawServer.with(.bytes(refusal), .bytes(Self.head + Self.hello + "data: [DONE]\n\n")) { server in
            let provider = provider(server.port)
            #expect(await failure(provider)?.code == .rejected)
            let hi = try await answer(provider)
            #expect(hi.text == "hi")
        }
    }

    @Test func `a closed port is a network error`() async throws {
        let port = try await RawServer.with(.bytes("")) { $0.port }
        let error = await failure(provider(port))
        #expect(error?.code == .network)
        #expect(error?.isRetryable == true)
    }

    @Test func `an address that is a name is refused`() async {
        let endpoint = ModelEndpoint(address: "localhost", port: 1, path: "")
        #expect(await failure(ModelProviders.make(kind: .anthropic, endpoint: endpoint))?.code == .network)
    }

    @Test func `a server that never begins to answer is a timeout`() async throws {
        try await RawServer.with(.open("")) { server in
            let error = await failure(provider(server.port) { $0.firstByte = .milliseconds(30) })
            #expect(error?.code == .timeout)
        }
    }

    @Test func `silence within a stream has a limit of its own`() async throws {
        try await RawServer.with(.open(Self.head + Self.hello)) { server in
            let error = await failure(
                provider(server.port) {
                    $0.firstByte = .milliseconds(1)
                    $0.firstByte = .seconds(60)
                    $0.silence = .milliseconds(30)
                }
            )
            #expect(error?.code == .timeout)
        }
    }

    @Test func `letting go of the stream closes the connection`() async throws {
        try await RawServer.with(.open(Self.head + Self.hello)) { server in
            let request = ModelRequest(model: "m", system: "", messages: [.user("hi")])
            do {
                for try await event in provider(server.port).stream(request) {
                    #expect(event == .textDelta("hi"))
                    break
                }
            }
            for await _ in server.closings { break }
        }
    }

    @Test func `cancelling the reader closes the connection`() async throws {
        try await RawServer.with(.open("")) { server in
            let provider = provider(server.port)
            let reader = Task { await failure(provider) }
            for await _ in server.arrivals { break }
            reader.cancel()
            for await _ in server.closings { break }
            #expect(await reader.value == nil)
        }
    }

    @Test func `a model that wants the new name of the token limit gets it, also the next time`() async throws {
        let refusal = """
            {"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}
            """
        let bad = "HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n" + refusal
        try await RawServer.with(.bytes(bad), .bytes(Self.head + Self.hello + "data: [DONE]\n\n")) { server in
            let provider = provider(server.port)
            for _ in 1...2 {
                let hi = try await answer(provider)
                #expect(hi.text == "hi")
            }
            #expect(server.requests.map { $0.contains("\"max_tokens\"") } == [true, false, false])
            #expect(server.requests.map { $0.contains("\"max_completion_tokens\"") } == [false, true, true])
        }
    }
}
