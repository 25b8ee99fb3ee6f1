import NIOCore
import NIOWebSocket
import Testing

@testable import ChannelNetwork

@Suite struct WebSocketAssemblerTests {
    private func frame(
        _ opcode: WebSocketOpcode,
        _ bytes: [UInt8],
        fin: Bool = true,
        reserved: Bool = false,
        mask: WebSocketMaskingKey? = nil
    ) -> WebSocketFrame {
        WebSocketFrame(fin: fin, rsv1: reserved, opcode: opcode, maskKey: mask, data: ByteBuffer(bytes: bytes))
    }

    private func events(_ frames: [WebSocketFrame], limit: Int = 10) -> [WebSocketAssembler.Event?] {
        var assembler = WebSocketAssembler(limit: limit)
        return frames.map { assembler.take($0) }
    }

    /// The code of a violation.
    private func code(_ event: WebSocketAssembler.Event?) -> UInt16? {
        if case .violation(let code, _)? = event { code } else { nil }
    }

    @Test func `whole messages come as they are`() {
        let result = events([frame(.text, Array("hä".utf8)), frame(.binary, [0xFF]), frame(.text, [])])
        #expect(result == [.message(.text("hä")), .message(.binary([0xFF])), .message(.text(""))])
    }

    @Test func `fragments are put together, control frames between them answered`() {
        // The letter is cut in two.
        let result = events([
            frame(.text, [0x68, 0xC3], fin: false), frame(.ping, [1]), frame(.continuation, [], fin: false),
            frame(.continuation, [0xA4]), frame(.pong, []), frame(.binary, [1], fin: false), frame(.continuation, [2]),
        ])
        #expect(
            result == [
                nil, .ping([1]), nil, .message(.text("hä")), .pong, nil, .message(.binary([1, 2])),
            ]
        )
    }

    @Test func `messages over the limit are refused, whole or in parts`() {
        #expect(code(events([frame(.binary, Array(repeating: 0, count: 11))])[0]) == 1009)
        let parts = events([frame(.binary, Array(repeating: 0, count: 10), fin: false), frame(.continuation, [1])])
        #expect(code(parts[1]) == 1009)
    }

    @Test(
        arguments: [
            [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xCE, 0xBA, 0xE1, 0xBD],
        ] as [[UInt8]]
    )
    func `text that is no UTF-8 is refused`(bytes: [UInt8]) {
        #expect(code(events([frame(.text, bytes)])[0]) == 1007)
        #expect(code(events([frame(.connectionClose, [0x03, 0xE8] + bytes)])[0]) == 1007)
    }

    @Test func `breaches of the protocol are refused`() throws {
        let mask = try #require(WebSocketMaskingKey([1, 2, 3, 4] as [UInt8]))
        let unknown = try #require(WebSocketOpcode(encodedWebSocketOpcode: 3))
        let breaches: [[WebSocketFrame]] = [
            [frame(.text, [], mask: mask)], [frame(.text, [], reserved: true)], [frame(unknown, [])],
            [frame(.continuation, [])], [frame(.text, [], fin: false), frame(.text, [])],
            [frame(.text, [], fin: false), frame(.binary, [])], [frame(.ping, [], fin: false)],
            [frame(.ping, Array(repeating: 0, count: 126))], [frame(.connectionClose, [3])],
        ]
        for frames in breaches {
            let result = events(frames)
            #expect(code(result.last.flatMap { $0 }) == 1002)
        }
    }

    @Test(
        arguments: [
            ([], .closed(WebSocketClose(code: 1005))), ([0x03, 0xE8], .closed(WebSocketClose(code: 1000))),
            ([0x0F, 0xA4, 0x6E, 0x6F], .closed(WebSocketClose(code: 4004, reason: "no"))),
        ] as [([UInt8], WebSocketAssembler.Event)]
    )
    func `a close frame tells code and reason`(bytes: [UInt8], event: WebSocketAssembler.Event) {
        #expect(events([frame(.connectionClose, bytes), frame(.text, [])]) == [event, nil])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] as [UInt16])
    func `codes that may not be sent are refused`(code: UInt16) {
        #expect(self.code(events([frame(.connectionClose, [UInt8(code >> 8), UInt8(code & 255)])])[0]) == 1002)
    }

    @Test func `the reason of our close frame is cut between characters`() {
        let frame = WebSocketFrames.close(4000, reason: String(repeating: "ä", count: 100))
        #expect(frame.data.readableBytes == 2 + 122)
        #expect(frame.maskKey != nil)
    }
}
