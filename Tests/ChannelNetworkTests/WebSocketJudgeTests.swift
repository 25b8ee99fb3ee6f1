import Core
import TestSupport
import Testing

@testable import ChannelNetwork

/// The library `websockets` judges what is sent and what is read.
@Suite(.enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask websockets (PyPI)"), .timeLimit(.minutes(5)))
struct WebSocketJudgeTests {
    private func withJudge(
        _ certificates: TestCertificates?,
        _ body: (WebSocketConnection) async throws -> Void
    ) async throws {
        try await Judge.prepare()
        try await withPython("ws_judge.py", certificates, interpreter: Judge.python) { port in
            let client = try WebSocketClient(trustedCertificates: certificates?.authority)
            let url = certificates == nil ? "ws://127.0.0.1:\(port)/" : "wss://localhost:\(port)/"
            try await client.withConnection(url) { try await body($0) }
        }
    }

    private func converse(_ connection: WebSocketConnection) async throws {
        var messages = connection.messages.makeAsyncIterator()
        let large = String(repeating: "grüße ", count: 300_000)
        for text in ["", "hi", "ä\u{1F469}\u{200D}\u{1F680}", String(repeating: "x", count: 65536), large] {
            try await connection.send(text)
            #expect(try await messages.next() == .text(text))
        }
        for bytes in [[], [0xFF, 0], [UInt8](repeating: 7, count: 126)] as [[UInt8]] {
            try await connection.send(bytes)
            #expect(try await messages.next() == .binary(bytes))
        }
        try await connection.send("ping")
        #expect(try await messages.next() == .text("pong came"))
        try await connection.send("fragments")
        #expect(try await messages.next() == .text("hälfte"))
        try await connection.send("close 4014 disallowed intents")
        #expect(try await messages.next() == nil)
        #expect(connection.closing == WebSocketClose(code: 4014, reason: "disallowed intents"))
    }

    @Test func `a conversation over ws`() async throws {
        try await withJudge(nil) { try await converse($0) }
    }

    @Test func `a conversation over wss`() async throws {
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder)
            try await withJudge(certificates) { try await converse($0) }
        }
    }

    @Test func `a checked address is connected to under the host's own name`() async throws {
        try await Judge.prepare()
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder)
            try await withPython("ws_judge.py", certificates, interpreter: Judge.python) { port in
                let resolver = TableResolver(["files.test": ["127.0.0.2", "127.0.0.1"], "wrong.test": ["127.0.0.1"]])
                var client = try WebSocketClient(trustedCertificates: certificates.authority, resolver: resolver)
                let rule = try HostRule(hosts: ["files.test:\(port)", "wrong.test:\(port)"])
                let strict = client
                let refused = await networkError {
                    try await strict.withConnection("wss://files.test:\(port)/", hosts: rule) { _ in }
                }
                #expect(refused?.code == .refusedHost)
                client.permits = { _ in true }
                try await client.withConnection("wss://files.test:\(port)/", hosts: rule) { connection in
                    try await connection.send("hi")
                    for try await message in connection.messages {
                        #expect(message == .text("hi"))
                        break
                    }
                }
                let lax = client
                let wrong = await networkError {
                    try await lax.withConnection("wss://wrong.test:\(port)/", hosts: rule) { _ in }
                }
                #expect(wrong?.code == .tls)
            }
        }
    }

    @Test func `our close is answered with its own code`() async throws {
        try await withJudge(nil) { connection in
            await connection.close(code: 4000, reason: "resume")
            #expect(connection.closing == WebSocketClose(code: 4000, reason: "resume"))
        }
    }
}
