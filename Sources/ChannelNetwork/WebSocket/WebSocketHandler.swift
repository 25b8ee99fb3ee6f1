import Core
import NIOCore
import NIOWebSocket

/// Reads frames on the event loop: fills the mailbox, answers pings and the server's close frame.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let mailbox: WebSocketMailbox
    private let place: String
    private var assembler: WebSocketAssembler

    init(_ mailbox: WebSocketMailbox, place: String, limit: Int) {
        self.mailbox = mailbox
        self.place = place
        assembler = WebSocketAssembler(limit: limit)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        mailbox.noteArrival()
        switch assembler.take(unwrapInboundIn(data)) {
        case .message(let message):
            if mailbox.add(message) { _ = context.channel.setOption(.autoRead, value: false) }
        case .ping(let bytes):
            context.writeAndFlush(wrapOutboundOut(WebSocketFrames.frame(.pong, ByteBuffer(bytes: bytes))), promise: nil)
        case .closed(let closing):
            mailbox.finish(.success(()), closing)
            end(context, answer: closing.code == 1005 ? nil : closing.code)
        case .violation(let code, let reason):
            let failure: NetworkFailure = code == 1009 ? .tooLarge : .protocolViolation
            fail(context, code, NetworkError(failure, "\(place) breaks the WebSocket protocol: \(reason)"))
        case .pong, nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            fail(context, 1009, NetworkError(.tooLarge, "\(place) sends a WebSocket message over the limit"))
        case is NIOWebSocketError:
            let message = "\(place) breaks the WebSocket protocol: a control frame is fragmented or too long"
            fail(context, 1002, NetworkError(.protocolViolation, message))
        default:
            mailbox.finish(.failure(NetworkError(reading: error, from: place)), .dropped)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        mailbox.finish(.failure(NetworkError(.closed, "\(place) dropped the WebSocket without closing it")), .dropped)
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ code: UInt16, _ error: NetworkError) {
        mailbox.finish(.failure(error), .dropped)
        end(context, answer: code)
    }

    private func end(_ context: ChannelHandlerContext, answer code: UInt16?) {
        // Whoever has sent a close frame sends nothing behind it.
        if mailbox.markCloseSent() {
            context.writeAndFlush(wrapOutboundOut(WebSocketFrames.close(code)), promise: nil)
        }
        context.close(promise: nil)
    }
}

extension WebSocketAssembler {
    /// Takes the next frame as NIO decodes it.
    mutating func take(_ frame: WebSocketFrame) -> Event? {
        let head = Head(
            isFinal: frame.fin,
            opcode: UInt8(webSocketOpcode: frame.opcode),
            isReserved: frame.rsv1 || frame.rsv2 || frame.rsv3,
            isMasked: frame.maskKey != nil
        )
        return take(head, frame.data.readableBytesView)
    }
}

/// Frames as a client sends them: masked with a new key each.
enum WebSocketFrames {
    static func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
    }

    /// A close frame; the reason is cut to the 123 bytes that fit.
    static func close(_ code: UInt16?, reason: String = "") -> WebSocketFrame {
        var data = ByteBuffer()
        if let code {
            data.writeInteger(code)
            var room = 123
            for character in reason {
                room -= character.utf8.count
                guard room >= 0 else { break }
                data.writeString(String(character))
            }
        }
        return frame(.connectionClose, data)
    }
}
