import Core
import Egress
import Glibc
import LinuxIO
import ModelProviders
import NetworkTestSupport
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ModelRouteTests {
    private static let sse = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    private static let hello = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n"
    private static let done = "data: [DONE]\n\n"

    /// A route on a fresh listener with one profile `p`, while the body runs.
    private func withRoute(
        _ upstream: ModelUpstream?,
        log: LogLines = LogLines(),
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let lookup: ModelRoute.Lookup = { $0 == "p" ? upstream : nil }
        try await withRoute(log: log, lookup, body)
    }

    private func withRoute(
        log: LogLines = LogLines(),
        _ lookup: @escaping ModelRoute.Lookup,
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let (listener, port) = try makeListener()
        let route = ModelRoute()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await route.serve(listener: listener, session: "s1", logger: log.logger, profile: lookup)
            }
            try await body(port)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func openai(_ port: Int, key: String? = "sk-secret") throws -> ModelUpstream {
        ModelUpstream(
            kind: .openai,
            baseURL: try BaseURL("http://127.0.0.1:\(port)/v1", kind: .openai),
            key: key
        )
    }

    private func ask(_ port: Int, kind: ProviderKind = .openai, profile: String = "p") async throws -> String {
        let provider = ModelProviders.make(kind: kind, endpoint: ModelEndpoint(port: port, path: "/model/\(profile)"))
        var text = ""
        let request = ModelRequest(model: "m", system: "", messages: [.user("question")])
        for try await event in provider.stream(request) {
            if case .textDelta(let piece) = event { text += piece }
        }
        return text
    }

    private func failure(_ port: Int, profile: String = "p") async -> ModelError? {
        do {
            _ = try await ask(port, profile: profile)
            return nil
        } catch {
            return error as? ModelError
        }
    }

    private func post(_ path: String, _ headers: String = "", body: String = "{}") -> String {
        "POST \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `T44 the key is added by the host, for openai as a bearer below the base URL`() async throws {
        try await RawServer.with(.bytes(Self.sse + Self.hello + Self.done)) { server in
            try await withRoute(openai(server.port)) { port in
                let hi = try await ask(port)
                #expect(hi == "hi")
                let request = try #require(server.requests.first)
                #expect(request.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
                #expect(request.lowercased().contains("authorization: bearer sk-secret\r\n"))
                #expect(request.lowercased().contains("host: 127.0.0.1:\(server.port)\r\n"))
                #expect(request.hasSuffix("\"content\":\"question\"}]}"))
            }
        }
    }

    @Test func `T44 for anthropic as x-api-key with a version`() async throws {
        let answer = """
            data: {"type":"message_start","message":{}}

            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

            data: {"type":"message_stop"}


            """
        try await RawServer.with(.bytes(Self.sse + answer)) { server in
            let base = try BaseURL("http://127.0.0.1:\(server.port)", kind: .anthropic)
            try await withRoute(ModelUpstream(kind: .anthropic, baseURL: base, key: "sk-ant")) { port in
                let hi = try await ask(port, kind: .anthropic)
                #expect(hi == "hi")
                let request = try #require(server.requests.first?.lowercased())
                #expect(request.hasPrefix("post /v1/messages http/1.1\r\n"))
                #expect(request.contains("x-api-key: sk-ant\r\n"))
                #expect(request.contains("anthropic-version: 2023-06-01\r\n"))
            }
        }
    }

    @Test func `T44 what the sandbox says of itself does not reach the server`() async throws {
        try await RawServer.with(.bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")) { server in
            try await withRoute(openai(server.port)) { port in
                let headers =
                    "authorization: Bearer stolen\r\nx-api-key: stolen\r\ncookie: stolen\r\nx-forwarded-for: stolen\r\n"
                let answer = try await offPool { try talk(port, post("/model/p/chat/completions", headers)) }
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(server.requests.first?.contains("stolen") == false)
            }
        }
    }

    @Test(arguments: [
        ("/model/other/chat/completions", "404", "No model provider is named other"),
        ("/model/p", "404", "Only /model/"), ("/model/p/../admin", "404", "Only /model/"), ("/", "404", "Only /model/"),
        ("http://127.0.0.1/model/p/x", "404", "Only /model/"),
    ])
    func `what is not a profile's is refused with one line why`(path: String, status: String, why: String) async throws
    {
        try await RawServer.with(.bytes(Self.sse)) { server in
            try await withRoute(openai(server.port)) { port in
                let answer = try await offPool { try talk(port, post(path)) }
                #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
                #expect(answer.contains(why))
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(arguments: ["PUT", "DELETE", "OPTIONS", "PATCH"])
    func `only GET and POST pass`(method: String) async throws {
        try await withRoute(openai(1)) { port in
            let answer = try await offPool {
                try talk(port, "\(method) /model/p/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            }
            #expect(answer.hasPrefix("HTTP/1.1 405"))
        }
    }

    @Test func `a GET below the base passes`() async throws {
        try await RawServer.with(.bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")) { server in
            try await withRoute(openai(server.port, key: nil)) { port in
                let answer = try await offPool {
                    try talk(port, "GET /model/p/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                }
                #expect(answer.hasSuffix("\r\n\r\n[]"))
                #expect(server.requests.first?.hasPrefix("GET /v1/models HTTP/1.1\r\n") == true)
                #expect(server.requests.first?.lowercased().contains("authorization") == false)
            }
        }
    }

    @Test func `T28 an upstream that is not there is a 502 at once, with the reason`() async throws {
        let port = try await RawServer.with(.bytes("")) { $0.port }
        try await withRoute(openai(port)) { route in
            let error = await failure(route)
            #expect(error?.code == .overloaded(retryAfter: nil))
            #expect(error?.message.contains("connection refused") == true, "\(String(describing: error))")
            #expect(error?.message.contains("127.0.0.1:\(port)/v1") == true)
        }
    }

    @Test func `T28 an upstream's error passes as it is, without its cookies and the key`() async throws {
        let body = #"{"error":{"message":"bad key sk-secret","type":"x"}}"#
        let reply =
            "HTTP/1.1 429 Slow\r\nretry-after: 7\r\nset-cookie: a=b\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        try await RawServer.with(.bytes(reply)) { server in
            try await withRoute(openai(server.port)) { port in
                let answer = try await offPool { try talk(port, post("/model/p/chat/completions")) }
                #expect(answer.hasPrefix("HTTP/1.1 429"))
                #expect(answer.contains("retry-after: 7"))
                #expect(!answer.contains("set-cookie"))
                #expect(answer.contains("bad key [key]"))
                #expect(await failure(port)?.code == .rateLimited(retryAfter: .seconds(7)))
            }
        }
    }

    @Test func `a redirect is not followed`() async throws {
        let reply = "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        try await RawServer.with(.bytes(reply)) { server in
            try await withRoute(openai(server.port)) { port in
                #expect(await failure(port)?.code == .rejected)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: [
        ("", ModelError.Code.overloaded(retryAfter: nil)), (sse + hello, .truncated),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n", .truncated),
        ("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + hello, .truncated),
        ("nonsense\r\n\r\n", .overloaded(retryAfter: nil)), (sse, .truncated), (sse + "<html>", .malformed),
    ])
    func `T28 half an answer stays half an answer on its way`(reply: String, code: ModelError.Code) async throws {
        try await RawServer.with(.bytes(reply)) { server in
            try await withRoute(openai(server.port)) { port in
                #expect(await failure(port)?.code == code)
            }
        }
    }

    @Test func `a piece of the answer passes before the next one is there`() async throws {
        try await RawServer.with(.open(Self.sse + Self.hello)) { server in
            try await withRoute(openai(server.port)) { port in
                let provider = ModelProviders.make(kind: .openai, endpoint: ModelEndpoint(port: port, path: "/model/p"))
                let request = ModelRequest(model: "m", system: "", messages: [.user("question")])
                for try await event in provider.stream(request) {
                    #expect(event == .textDelta("hi"))
                    break
                }
            }
        }
    }

    @Test(arguments: ["", sse + hello])
    func `when the runner leaves, the request to the server ends`(reply: String) async throws {
        try await RawServer.with(.open(reply)) { server in
            try await withRoute(openai(server.port)) { port in
                let asking = Task { await failure(port) }
                for await _ in server.arrivals { break }
                asking.cancel()
                for await _ in server.closings { break }
                _ = await asking.value
            }
        }
    }

    @Test func `when the sandbox ends, its listener and its requests end`() async throws {
        try await RawServer.with(.open(Self.sse + Self.hello)) { server in
            let left = Mutex<Task<ModelError?, Never>?>(nil)
            try await withRoute(openai(server.port)) { port in
                let asking = Task { await failure(port) }
                for await _ in server.arrivals { break }
                left.withLock { $0 = asking }
            }
            for await _ in server.closings { break }
            let error = await left.withLock { $0 }?.value
            #expect(error != nil)
        }
    }

    @Test func `a profile is looked up for every request`() async throws {
        try await RawServer.with(.bytes(Self.sse + Self.hello + Self.done)) { server in
            let first = try openai(server.port, key: "one")
            let second = try openai(server.port, key: "two")
            let count = Mutex(0)
            let lookup: ModelRoute.Lookup = { _ in
                count.withLock { count in
                    count += 1
                    return count == 1 ? first : second
                }
            }
            try await withRoute(lookup) { port in
                for _ in 1...2 {
                    let text = try await ask(port)
                    #expect(text == "hi")
                }
                #expect(server.requests.map { $0.contains("Bearer one") } == [true, false])
                #expect(server.requests.map { $0.contains("Bearer two") } == [false, true])
            }
        }
    }

    @Test func `a lookup that fails says why and may be tried again`() async throws {
        try await withRoute({ _ in throw EgressError(.credential, "chmod 600 the file") }) { port in
            let error = await failure(port)
            #expect(error?.isRetryable == true)
            #expect(error?.message.contains("chmod 600 the file") == true)
        }
    }

    @Test func `a body over the bound is refused`() async throws {
        try await withRoute(openai(1)) { port in
            let answer = try await offPool {
                try talk(
                    port,
                    "POST /model/p/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n"
                )
            }
            #expect(answer.hasPrefix("HTTP/1.1 413"))
        }
    }

    /// In one piece, in several that are taken together, as the largest of those, and as it comes.
    @Test(arguments: [1, 200_000, 256 << 10, (256 << 10) + 1, 5 << 20])
    func `a body passes whole`(size: Int) async throws {
        let body = String((0..<size).map { Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8($0 % 23))) })
        try await RawServer.with(.bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")) { server in
            try await withRoute(openai(server.port)) { port in
                let answer = try await offPool { try talk(port, post("/model/p/x", body: body)) }
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(server.requests.first?.hasSuffix(body) == true)
            }
        }
    }

    @Test func `a request goes with the key of when its body is whole, however long that is held back`() async throws {
        let asked = Mutex<[String]>([])
        try await RawServer.with(.bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")) { server in
            let upstream = try openai(server.port)
            let lookup: ModelRoute.Lookup = { name in
                asked.withLock { $0.append(name) }
                return name == "p" ? upstream : nil
            }
            try await withRoute(lookup) { port in
                let text = Array(post("/model/p/x", body: "held back").utf8)
                let held = try dial(port)
                try held.write(text.dropLast(4))
                _ = try await offPool { try talk(port, post("/model/other/x")) }
                try held.write(text.suffix(4))
                let answer = try await offPool { try held.readAll(limit: 1 << 20) }
                #expect(answer.starts(with: "HTTP/1.1 200".utf8))
            }
        }
        #expect(asked.withLock { $0 } == ["other", "p"])
    }

    @Test func `a large answer passes whole to a reader that begins late`() async throws {
        let body = String(repeating: "y", count: 8 << 20)
        try await RawServer.with(.bytes("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)) {
            server in
            try await withRoute(openai(server.port)) { port in
                let connection = try dial(port)
                try connection.write(post("/model/p/x").utf8)
                for await _ in server.arrivals { break }
                let answer = try await offPool { try connection.readAll(limit: 64 << 20) }
                #expect(answer.suffix(body.utf8.count).allSatisfy { $0 == UInt8(ascii: "y") })
                #expect(answer.count > body.utf8.count)
            }
        }
    }

    @Test func `more connections than the bound wait for their turn`() async throws {
        try await RawServer.with(.bytes(Self.sse + Self.hello + Self.done)) { server in
            try await withRoute(openai(server.port)) { port in
                let texts = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 1...60 { group.addTask { try await ask(port) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(texts == Array(repeating: "hi", count: 60))
            }
        }
    }

    @Test func `T44 each request is logged, without key and body`() async throws {
        let log = LogLines()
        try await RawServer.with(.bytes(Self.sse + Self.hello + Self.done)) { server in
            try await withRoute(openai(server.port), log: log) { port in
                let hi = try await ask(port)
                #expect(hi == "hi")
            }
        }
        let line = try #require(log.all.first { $0.contains("model request") })
        #expect(line.contains("provider=p"))
        #expect(line.contains("session=s1"))
        #expect(line.contains("path=/chat/completions"))
        for all in log.all {
            #expect(!all.contains("sk-secret"))
            #expect(!all.contains("question"))
        }
    }

    @Test(arguments: [
        "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\nhost: example.com\r\n\r\n",
    ])
    func `the tools' listener answers 403 with one line why`(request: String) async throws {
        let (listener, port) = try makeListener()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await ToolListener().serve(listener: listener) }
            let answer = try await offPool { try talk(port, request) }
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n" + ToolListener.refusal))
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
