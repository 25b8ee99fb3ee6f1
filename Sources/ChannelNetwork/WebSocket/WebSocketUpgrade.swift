import Core
import NIOCore
import NIOWebSocket

/// Does the handshake on a new channel and turns it into a WebSocket in the same step that reads the answer.
///
/// NIO's own upgrade takes turns of the event loop to change handlers; a server that sends its first frames and the end
/// of the connection in one packet with the 101 is lost in between.
final class WebSocketUpgrade: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handshake: WebSocketHandshake
    private let limit: Int
    private let outcome: EventLoopPromise<WebSocketMailbox>
    private var head = WebSocketAnswerHead()
    private var isOpen = false

    init(_ handshake: WebSocketHandshake, limit: Int, _ outcome: EventLoopPromise<WebSocketMailbox>) {
        self.handshake = handshake
        self.limit = limit
        self.outcome = outcome
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: handshake.request)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOpen else { return context.fireChannelRead(data) }
        let rest: ArraySlice<UInt8>
        do {
            guard let answer = try head.take(unwrapInboundIn(data).readableBytesView) else { return }
            try handshake.check(answer.head)
            try open(context)
            rest = answer.rest
        } catch {
            return fail(context, error)
        }
        head = WebSocketAnswerHead()
        if !rest.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: rest))) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        outcome.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOpen else { return context.fireErrorCaught(error) }
        fail(context, error)
    }

    /// A channel that was never connected ends here.
    func handlerRemoved(context: ChannelHandlerContext) { outcome.fail(ChannelError.eof) }

    private func open(_ context: ChannelHandlerContext) throws {
        let mailbox = WebSocketMailbox()
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(WebSocketFrameEncoder())
        try pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)))
        try pipeline.addHandler(WebSocketHandler(mailbox, place: handshake.address.origin, limit: limit))
        isOpen = true
        outcome.succeed(mailbox)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        outcome.fail(error)
        context.close(promise: nil)
    }
}
