import Core
import NIOCore
import NIOHTTP1

/// Sends one request on a connection and hands the answer to a parser.
final class ExchangeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart
    /// Called once: with nil after the parser's last event, else with why there is none.
    typealias Ending = @Sendable (ModelError?) -> Void

    /// Most of a stream, and most of an error's body that is kept.
    static let maximumAnswer = 64 << 20
    static let maximumErrorBody = 64 << 10

    private enum Phase {
        case waiting
        case streaming
        case refused(HTTPResponseHead, [UInt8])
        /// The parser has all that it needs; the answer's own end is still to come.
        case draining
        case over
    }

    private let head: HTTPRequestHead
    private let body: [UInt8]
    private var parser: any AnswerParser
    private let timeouts: ModelTimeouts
    private let time: any TimeSource
    private let emit: @Sendable (ModelEvent) -> Void
    private let ending: Ending
    /// Called when the answer has ended and the connection may take another request.
    private let keep: @Sendable (any Channel) -> Void

    private var keepsAlive = false
    /// The stream's end is told once what has come with it is read: often the answer's own end, and then the connection is
    /// free for who asks next.
    private var owesEnding = false
    private var phase = Phase.waiting
    private var received = 0
    private var timer: Scheduled<Void>?
    private var lastRead = NIODeadline.now()

    init(
        head: HTTPRequestHead,
        body: [UInt8],
        parser: any AnswerParser,
        timeouts: ModelTimeouts,
        time: any TimeSource,
        emit: @escaping @Sendable (ModelEvent) -> Void,
        ending: @escaping Ending,
        keep: @escaping @Sendable (any Channel) -> Void
    ) {
        self.head = head
        self.body = body
        self.parser = parser
        self.timeouts = timeouts
        self.time = time
        self.emit = emit
        self.ending = ending
        self.keep = keep
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { send(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        send(context)
        context.fireChannelActive()
    }

    private func send(_ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let limit = timeouts.firstByte
        let message = "The model server has not begun to answer within \(limit.milliseconds / 1000) s."
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(limit.nanoseconds)) {
            self.end(ModelError(.timeout, message), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        switch unwrapInboundIn(data) {
        case .head(let head):
            timer?.cancel()
            watchSilence(context, in: timeouts.silence)
            keepsAlive = head.isKeepAlive
            phase = head.status == .ok ? .streaming : .refused(head, [])
        case .body(let buffer):
            take(buffer, context)
        case .end:
            endOfAnswer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (phase, error) {
        case (_, HTTPParserError.invalidEOFState), (.streaming, is IOError), (.refused, is IOError):
            brokenOff(context, cause: "\(error)")
        case (_, is HTTPParserError):
            end(ModelError(.malformed, "The model server does not speak HTTP.", cause: "\(error)"), context)
        default:
            end(ModelError(.network, "The connection to the model broke.", cause: "\(error)"), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        brokenOff(context, cause: nil)
        context.fireChannelInactive()
    }

    private func take(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        switch phase {
        case .streaming:
            received += buffer.readableBytes
            guard received <= Self.maximumAnswer else {
                return end(ModelError(.malformed, "The answer is over \(Self.maximumAnswer >> 20) MiB."), context)
            }
            deliver(context) { () throws(ModelError) in try self.parser.feed(buffer.readableBytesView) }
        case .refused(let head, let body):
            let room = Self.maximumErrorBody - body.count
            phase = .refused(head, body + buffer.readableBytesView.prefix(room))
        case .waiting, .draining, .over:
            break
        }
    }

    private func endOfAnswer(_ context: ChannelHandlerContext) {
        switch phase {
        case .streaming:
            deliver(context) { () throws(ModelError) in try self.parser.end() }
        case .refused(let head, let body):
            let wait = RetryAfter.duration(
                milliseconds: head.headers.first(name: "retry-after-ms"),
                retryAfter: head.headers.first(name: "retry-after"),
                now: time.now
            )
            end(ServerFailure(body: body).error(status: Int(head.status.code), retryAfter: wait), context)
        case .waiting, .over:
            return
        case .draining:
            break
        }
        // The parser may have ended the stream just now.
        guard case .draining = phase else { return }
        phase = .over
        timer?.cancel()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        keep(context.channel)
        tellEnding()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        tellEnding()
        context.fireChannelReadComplete()
    }

    private func tellEnding() {
        guard owesEnding else { return }
        owesEnding = false
        ending(nil)
    }

    private func deliver(_ context: ChannelHandlerContext, _ step: () throws(ModelError) -> [ModelEvent]) {
        do {
            for event in try step() {
                emit(event)
                if case .finished = event { return end(nil, context) }
            }
        } catch {
            end(error, context)
        }
    }

    /// The connection is gone before the answer's end.
    private func brokenOff(_ context: ChannelHandlerContext, cause: String?) {
        switch phase {
        case .waiting:
            end(
                ModelError(.network, "The connection to the model was closed without an answer.", cause: cause),
                context
            )
        case .streaming:
            let message = "The model server broke off in the middle of its answer."
            end(ModelError(.truncated, message, cause: cause), context)
        case .refused(let head, let body):
            end(ServerFailure(body: body).error(status: Int(head.status.code)), context)
        case .draining:
            tellEnding()
        case .over:
            break
        }
    }

    private func watchSilence(_ context: ChannelHandlerContext, in time: Duration) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time.nanoseconds)) {
            let silent = Duration.nanoseconds((NIODeadline.now() - self.lastRead).nanoseconds)
            let limit = self.timeouts.silence
            if silent < limit {
                self.watchSilence(context, in: limit - silent)
            } else {
                let message = "The model server has been silent for \(limit.milliseconds / 1000) s."
                self.end(ModelError(.timeout, message), context)
            }
        }
    }

    private func end(_ error: ModelError?, _ context: ChannelHandlerContext) {
        switch phase {
        case .draining, .over: return
        case .waiting, .streaming, .refused: timer?.cancel()
        }
        guard error == nil, keepsAlive else {
            phase = .over
            ending(error)
            return context.close(promise: nil)
        }
        phase = .draining
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(timeouts.kept.nanoseconds)) {
            context.close(promise: nil)
        }
        owesEnding = true
    }
}
