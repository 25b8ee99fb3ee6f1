import Core
import TestSupport
import Testing

@testable import ChannelNetwork

@Suite(.timeLimit(.minutes(2))) struct WebSocketClientTests {
    /// What the server has seen of the last connection.
    private func log(_ port: Int) async throws -> JSONValue {
        try await HTTPPool().request(HTTPCall(.get, "http://127.0.0.1:\(port)/log")).json()
    }

    /// The client's frames: first byte and bytes in hex.
    private func frames(_ port: Int) async throws -> [[JSONValue]] {
        try await log(port)[key: "frames"]?.array?.compactMap(\.array) ?? []
    }

    private func read(
        _ path: String,
        _ port: Int,
        _ options: WebSocketOptions = WebSocketOptions()
    ) async -> (messages: [WebSocketMessage], error: NetworkError?, closing: WebSocketClose?) {
        var messages: [WebSocketMessage] = []
        var closing: WebSocketClose?
        let error = await networkError {
            try await WebSocketClient().withConnection("ws://127.0.0.1:\(port)\(path)", options: options) {
                connection in
                defer { closing = connection.closing }
                for try await message in connection.messages { messages.append(message) }
            }
        }
        return (messages, error, closing)
    }

    @Test func `the handshake carries path, query, headers and host`() async throws {
        try await withPython("ws_raw.py") { port in
            try await WebSocketClient().withConnection(
                "ws://127.0.0.1:\(port)/send/?v=10",
                headers: ["authorization": "Bot x"]
            ) { _ in }
            let log = try await log(port)
            #expect(log[key: "target"] == "/send/?v=10")
            #expect(log[key: "headers"]?[key: "host"]?.string == "127.0.0.1:\(port)")
            #expect(log[key: "headers"]?[key: "authorization"] == "Bot x")
            #expect(log[key: "headers"]?[key: "sec-websocket-version"] == "13")
            #expect(log[key: "masked"] == true)
            // Nothing but the close frame with 1000.
            #expect(try await frames(port) == [[136, "03e8"]])
        }
    }

    @Test func `frames that come with the handshake's answer are not lost`() async throws {
        try await withPython("ws_raw.py") { port in
            // Text "hi", a ping, binary in two parts, close 4004 "no".
            let result = await read("/send/81026869" + "8901aa" + "020101" + "800102" + "88040fa46e6f", port)
            #expect(result.messages == [.text("hi"), .binary([1, 2])])
            #expect(result.error == nil)
            #expect(result.closing == WebSocketClose(code: 4004, reason: "no"))
            let frames = try await frames(port)
            #expect(frames == [[138, "aa"], [136, "0fa4"]])
        }
    }

    @Test(arguments: [
        ("/send/8181000000006869", NetworkFailure.protocolViolation, "03ea"),
        ("/send/c100", .protocolViolation, "03ea"),
        ("/send/0900", .protocolViolation, "03ea"), ("/send/897e007e", .protocolViolation, "03ea"),
        ("/send/8101ff", .protocolViolation, "03ef"), ("/send/827f0000000001000000", .tooLarge, "03f1"),
        ("/send/8203000000", .tooLarge, "03f1"),
    ])
    func `a breach ends the connection with its code`(
        path: String,
        code: NetworkFailure,
        answer: String
    ) async throws {
        try await withPython("ws_raw.py") { port in
            var options = WebSocketOptions()
            options.messageLimit = path.hasSuffix("/8203000000") ? 2 : 1000
            let result = await read(path, port, options)
            #expect(result.error?.code == code)
            #expect(result.closing?.code == 1006)
            let frames = try await frames(port)
            #expect(frames.last == [136, .string(answer)])
        }
    }

    @Test func `a connection that drops is no clean end, what came before is read`() async throws {
        try await withPython("ws_raw.py") { port in
            let result = await read("/drop/81026869", port)
            #expect(result.messages == [.text("hi")])
            #expect(result.error?.code == .closed)
            #expect(result.closing?.code == 1006)
        }
    }

    @Test(arguments: [
        ("/status/401", NetworkFailure.upgradeRefused(status: 401)), ("/status/429", .upgradeRefused(status: 429)),
        ("/status/200", .upgradeRefused(status: 200)), ("/badaccept", .protocolViolation),
        ("/extension", .protocolViolation),
    ])
    func `a handshake that fails is told apart`(path: String, code: NetworkFailure) async throws {
        try await withPython("ws_raw.py") { port in
            #expect(await read(path, port).error?.code == code)
        }
    }

    @Test func `nobody there, a wrong scheme and a refused host are errors before anything is sent`() async throws {
        let client = try WebSocketClient()
        let rule = try HostRule(hosts: ["gateway.discord.gg"])
        let cases: [(String, HostRule?, NetworkFailure)] = [
            ("ws://127.0.0.1:1/", nil, .cannotConnect), ("https://127.0.0.1/", nil, .invalidURL),
            ("wss://127.0.0.1/", rule, .refusedHost), ("ws://gateway.discord.gg/", rule, .refusedHost),
        ]
        for (url, hosts, code) in cases {
            let error = await networkError { try await client.withConnection(url, hosts: hosts) { _ in } }
            #expect(error?.code == code)
        }
    }

    @Test func `a server that stops inside the handshake is given up`() async throws {
        try await withWebServer { port in
            let time = ManualTime()
            let client = try WebSocketClient(time: time)
            let task = Task { try await client.withConnection("ws://127.0.0.1:\(port)/hang") { _ in } }
            try await time.waitForSleepers()
            time.advance(by: .seconds(10))
            #expect(await networkError { try await task.value }?.code == .cannotConnect)
        }
    }

    @Test func `closing names its code, and a silent server is not waited for longer than the limit`() async throws {
        let time = ManualTime()
        try await withPython("ws_raw.py") { port in
            let client = try WebSocketClient(time: time)
            let (open, opened) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await client.withConnection("ws://127.0.0.1:\(port)/mute") { connection in
                    opened.yield()
                    await connection.close(code: 4000, reason: "later")
                    await #expect(throws: NetworkError.self) { try await connection.send("x") }
                }
            }
            for await _ in open { break }
            try await time.waitForSleepers()
            time.advance(by: .seconds(5))
            try await task.value
            #expect(try await frames(port) == [[136, "0fa06c61746572"]])
        }
    }

    @Test func `a server that answers no ping is given up`() async throws {
        let time = ManualTime()
        try await withPython("ws_raw.py") { port in
            let client = try WebSocketClient(time: time)
            var options = WebSocketOptions()
            options.pingInterval = .seconds(30)
            let (open, opened) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await client.withConnection("ws://127.0.0.1:\(port)/mute", options: options) { connection in
                    opened.yield()
                    for try await _ in connection.messages {}
                }
            }
            for await _ in open { break }
            try await time.waitForSleepers()
            time.advance(by: .seconds(30))
            try await time.waitForSleepers()
            time.advance(by: .seconds(10))
            #expect(await networkError { try await task.value }?.code == .timeout)
            #expect(try await frames(port).first == [137, ""])
        }
    }

    @Test func `a reader that does not read holds the server up, and then gets everything`() async throws {
        let count = 40000
        try await withPython("ws_raw.py") { port in
            let read = try await WebSocketClient().withConnection("ws://127.0.0.1:\(port)/flood/\(count)") {
                connection in
                var sent: Int64 = -1
                // The kernel's buffers fill; when nothing moves between two looks the server stands still.
                while true {
                    let now = try await log(port)[key: "flooded"]?.integer ?? 0
                    if now == sent { break }
                    sent = now
                    try await Task.sleep(for: .milliseconds(300))
                }
                #expect(sent < count)
                var read = 0
                for try await message in connection.messages where message.size == 1024 { read += 1 }
                return read
            }
            #expect(read == count)
        }
    }

    @Test func `a cancelled reader ends and the connection with it`() async throws {
        try await withPython("ws_raw.py") { port in
            let (open, opened) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await WebSocketClient().withConnection("ws://127.0.0.1:\(port)/mute") { connection in
                    opened.yield()
                    for try await _ in connection.messages {}
                }
            }
            for await _ in open { break }
            task.cancel()
            #expect(await networkError { try await task.value }?.code == .cancelled)
        }
    }
}
