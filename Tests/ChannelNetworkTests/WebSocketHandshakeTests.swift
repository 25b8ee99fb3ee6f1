import Core
import Testing

@testable import ChannelNetwork

@Suite struct WebSocketHandshakeTests {
    /// The key of the example in RFC 6455 §1.3.
    private func handshake(_ headers: HeaderList = [:], subprotocol: String? = nil) throws -> WebSocketHandshake {
        try WebSocketHandshake(
            try WebAddress("ws://h:81/chat?a", schemes: ["ws"]),
            headers: headers,
            subprotocol: subprotocol,
            key: "dGhlIHNhbXBsZSBub25jZQ=="
        )
    }

    private static let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    @Test func `the request is that of the RFC, whatever headers say`() throws {
        let request = try handshake(["host": "evil", "X-A": "b", "upgrade": "h2c"], subprotocol: "v1").request
        let lines = String(decoding: request, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(
            lines == [
                "GET /chat?a HTTP/1.1", "X-A: b", "Host: h:81", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: v1",
                "", "",
            ]
        )
    }

    @Test(
        arguments: [["a": "b\r\nc: d"], ["a b": "c"], ["": "c"], ["a:": "b"], ["a": "\0"], ["ä": "b"]] as [HeaderList]
    )
    func `a header that would break the request is refused`(headers: HeaderList) {
        let error = #expect(throws: NetworkError.self) { try handshake(headers) }
        #expect(error?.code == .invalidURL)
    }

    @Test(arguments: [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(accept)",
        "HTTP/1.1 101\r\nupgrade:WebSocket\r\nconnection: keep-alive, upgrade\r\n\(accept)",
    ])
    func `an answer that fits opens the WebSocket`(head: String) throws {
        try handshake().check(head.utf8)
    }

    @Test(arguments: [
        "", "hello", "HTTP/2 101 x", "HTTP/1.1 1o1 x", "HTTP/1.1 101 x\r\nno colon", "HTTP/1.1 101 x\r\na b: c",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: AAAA",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\(accept)\r\n\(accept)",
        "HTTP/1.1 101 x\r\nupgrade: h2c\r\nconnection: upgrade\r\n\(accept)",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: close\r\n\(accept)",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\(accept)\r\nsec-websocket-extensions: x",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\(accept)\r\nsec-websocket-protocol: x",
    ])
    func `an answer that does not fit is a breach`(head: String) throws {
        let handshake = try handshake()
        let error = #expect(throws: NetworkError.self) { try handshake.check(head.utf8) }
        #expect(error?.code == .protocolViolation)
    }

    @Test func `another status is told, and the subprotocol must be the one asked for`() throws {
        let plain = try handshake()
        let refused = #expect(throws: NetworkError.self) { try plain.check("HTTP/1.1 403 No\r\na: b".utf8) }
        #expect(refused?.code == .upgradeRefused(status: 403))
        let head = "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\(Self.accept)"
        let special = try handshake(subprotocol: "v1")
        try special.check("\(head)\r\nsec-websocket-protocol: v1".utf8)
        #expect(throws: NetworkError.self) { try special.check(head.utf8) }
    }

    @Test func `a head that is too long is refused, however it is cut`() throws {
        let head = Array("HTTP/1.1 101 x\r\n".utf8) + [UInt8](repeating: 0x61, count: WebSocketHandshake.headLimit)
        let whole = head + Array("\r\n\r\n".utf8)
        for size in [1, 1000, whole.count] {
            var reader = WebSocketAnswerHead()
            #expect(throws: NetworkError.self) { () throws in
                for start in stride(from: 0, to: whole.count, by: size) {
                    let answer = try reader.take(whole[start..<min(start + size, whole.count)])
                    #expect(answer == nil)
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 100]) func `what stands behind the head is kept`(_ size: Int) throws {
        let bytes = Array("HTTP/1.1 101 x\r\n\r\n\r\n\r\n".utf8)
        var reader = WebSocketAnswerHead()
        for start in stride(from: 0, to: bytes.count, by: size) {
            let end = min(start + size, bytes.count)
            guard let answer = try reader.take(bytes[start..<end]) else { continue }
            #expect(String(decoding: answer.head, as: UTF8.self) == "HTTP/1.1 101 x")
            #expect(Array(answer.rest) + bytes[end...] == Array("\r\n\r\n".utf8))
            return
        }
        Issue.record("no head was found")
    }
}
