import ChannelNetwork
import Core
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct WebhookListenerTests {
    private func withListener(
        _ change: (inout WebhookOptions) -> Void = { _ in },
        _ body: (WebhookListener, _ base: String) async throws -> Void
    ) async throws {
        var options = WebhookOptions(port: 0)
        change(&options)
        let listener = WebhookListener(options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try listener.add("echo") { request in
            let told = [
                request.method, request.path, request.query, request.headers["x-own"] ?? "-",
                request.headers["host"] == nil ? "no host" : "host", request.peer, Hex.encode(request.body.prefix(20)),
                "\(request.body.count)",
            ]
            return WebhookResponse(
                status: 202,
                headers: ["x-reply": "1"],
                body: Array(told.joined(separator: "|").utf8)
            )
        }
        let running = Task { try await listener.run() }
        let base = "http://127.0.0.1:\(try await listener.port)"
        try await body(listener, base)
        running.cancel()
        try await running.value
    }

    @Test func `a handler is given the raw request and its answer comes back`() async throws {
        let pool = try HTTPPool()
        try await withListener { _, base in
            let body: [UInt8] = [0xFF, 0x00, 0x0D, 0x0A]
            let call = HTTPCall(
                .post,
                "\(base)/hooks/echo?a=%20b&c",
                headers: ["X-Own": "é"],
                body: .bytes(body, type: "a/b")
            )
            let reply = try await pool.request(call)
            #expect(reply.status == 202 && reply.headers["X-Reply"] == "1")
            #expect(reply.text == "POST|echo|a=%20b&c|é|host|127.0.0.1|ff000d0a|4")
            let get = try await pool.request(HTTPCall(.get, "\(base)/hooks/echo"))
            #expect(get.text == "GET|echo||-|host|127.0.0.1||0")
        }
    }

    @Test func `unknown paths are 404 without a word, other methods 405`() async throws {
        let pool = try HTTPPool()
        try await withListener { listener, base in
            try listener.add("a/b.c") { _ in WebhookResponse(status: 200) }
            #expect(try await pool.request(HTTPCall(.get, "\(base)/hooks/a/b.c")).status == 200)
            for path in [
                "", "/", "/hooks", "/hooks/", "/hooks/none", "/hooks/echo/", "/hooks/ECHO", "/echo", "/hooks/a%2Fb.c",
            ] {
                let reply = try await pool.request(HTTPCall(.post, "\(base)\(path)", body: .json("{}")))
                #expect(reply.status == 404 && reply.body.isEmpty, "\(path)")
            }
            #expect(try await pool.request(HTTPCall(.delete, "\(base)/hooks/echo")).status == 405)
            listener.remove("a/b.c")
            #expect(try await pool.request(HTTPCall(.get, "\(base)/hooks/a/b.c")).status == 404)
        }
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "a b", "../a", "a/..", "a?b", "ä", String(repeating: "a", count: 201), "echo",
    ])
    func `a path that cannot be or is taken is refused`(path: String) throws {
        let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
        try listener.add("echo") { _ in WebhookResponse(status: 200) }
        #expect(throws: NetworkError.self) { try listener.add(path) { _ in WebhookResponse(status: 200) } }
    }

    @Test func `a body over the bound is 413, told or in chunks, and one at the bound passes`() async throws {
        let pool = try HTTPPool()
        try await withListener({ $0.bodyLimit = 100_000 }) { _, base in
            func send(_ count: Int) async throws -> HTTPReply {
                let body = HTTPCall.Body.bytes(pattern(count), type: "a/b")
                return try await pool.request(HTTPCall(.post, "\(base)/hooks/echo", body: body))
            }
            #expect(try await send(100_000).text.hasSuffix("|100000"))
            #expect(try await send(100_001).status == 413)
            #expect(try await send(10).status == 202)
            let chunk = "5\r\nabcde\r\n"
            let head = "POST /hooks/echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
            let small = try await talk(base, head + chunk + "0\r\n\r\n", until: "|5")
            #expect(small.hasPrefix("HTTP/1.1 202"))
            let large = try await talk(base, head + String(repeating: chunk, count: 20001), until: "\r\n\r\n")
            #expect(large.hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test(arguments: [
        "POST /hooks/echo HTTP/1.1\r\nhost: h\r\nx-slow: ",
        "POST /hooks/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\na",
        "",
    ])
    func `a client that does not finish its request is cut off`(text: String) async throws {
        try await withListener({
            $0.headLimit = .milliseconds(300)
            $0.bodyTime = .milliseconds(300)
        }) { _, base in
            let answer = try await talk(base, text, until: nil)
            #expect(answer == "")
        }
    }

    @Test func `a client that drips its body is cut off however steadily it drips`() async throws {
        try await withListener({ $0.bodyTime = .milliseconds(500) }) { _, base in
            let head = "POST /hooks/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n"
            let answer = try await talk(base, head, drip: true, until: nil)
            #expect(answer == "")
        }
    }

    @Test func `headers over the bound are refused`() async throws {
        try await withListener { _, base in
            let head = "GET /hooks/echo HTTP/1.1\r\nhost: h\r\nx-a: \(String(repeating: "a", count: 40000))\r\n\r\n"
            let answer = try await talk(base, head, until: nil)
            #expect(answer.hasPrefix("HTTP/1.1 4") || answer.isEmpty)
        }
    }

    @Test func `nothing listens before the first path`() async throws {
        let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
        let running = Task { try await listener.run() }
        running.cancel()
        try await running.value
        await #expect(throws: CancellationError.self) { try await listener.port }
    }

    @Test func `a port that is taken is told to both`() async throws {
        try await withListener { _, base in
            let port = try #require(Int(base.split(separator: ":").last ?? ""))
            let second = WebhookListener(WebhookOptions(port: port), logger: Logger(label: "test"))
            try second.add("a") { _ in WebhookResponse(status: 200) }
            #expect(await networkError { try await second.run() }?.code == .cannotConnect)
            #expect(await networkError { try await second.port }?.code == .cannotConnect)
        }
    }

    @Test func `a request under way is answered when the listener stops, and then nobody listens`() async throws {
        let pool = try HTTPPool()
        let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let (left, leave) = AsyncStream<Void>.makeStream()
        try listener.add("slow") { _ in
            enter.yield()
            for await _ in left { break }
            return WebhookResponse(status: 200, body: Array("late".utf8))
        }
        let running = Task { try await listener.run() }
        let url = "http://127.0.0.1:\(try await listener.port)/hooks/slow"
        let request = Task { try await pool.request(HTTPCall(.get, url)) }
        for await _ in entered { break }
        running.cancel()
        leave.yield()
        #expect(try await request.value.text == "late")
        try await running.value
        // Somebody else may have the port by now, so that only this is sure.
        let after = try? await pool.request(HTTPCall(.get, url))
        #expect(after?.text != "late")
    }

    /// Calls end with it.
    private final class Told: Sendable {
        private let calls: AsyncStream<Void>.Continuation

        init(_ calls: AsyncStream<Void>.Continuation) { self.calls = calls }

        deinit { calls.finish() }

        func call() { calls.yield() }
    }

    /// The second size is far more than a connection holds that nobody reads from.
    @Test(arguments: [(1, 1), (64 << 20, 0)])
    func `an answer counts as written once the kernel has it whole, and not before`(size: Int, calls: Int) async throws
    {
        try await withListener { listener, base in
            let (told, tell) = AsyncStream<Void>.makeStream()
            try listener.add("sized") { _ in
                let told = Told(tell)
                return WebhookResponse(status: 200, body: [UInt8](repeating: 0x61, count: size)) { told.call() }
            }
            // The client goes at the head of the answer.
            _ = try await talk(base, "GET /hooks/sized HTTP/1.1\r\nhost: h\r\n\r\n", until: "\r\n\r\n")
            var count = 0
            for await _ in told { count += 1 }
            #expect(count == calls)
        }
    }

    /// Sends bytes as they are and returns what comes back until a text or the end.
    private func talk(_ base: String, _ text: String, drip: Bool = false, until end: String?) async throws -> String {
        let port = try WebAddress(base).port
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                if drip {
                    group.addTask {
                        // It ends when the server has cut the connection.
                        while (try? await outbound.write(ByteBuffer(string: "a"))) != nil {
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                }
                defer { group.cancelAll() }
                var answer = ""
                do {
                    for try await buffer in inbound {
                        answer += String(buffer: buffer)
                        if let end, answer.contains(end) { break }
                    }
                } catch is IOError {
                    // A reset is an end too.
                }
                return answer
            }
        }
    }
}
