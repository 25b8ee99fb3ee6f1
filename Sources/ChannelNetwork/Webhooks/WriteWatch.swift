import NIOCore
import NIOHTTPTypes

/// Tells when an answer was written: the server's writer returns once the connection has taken it, before the kernel has.
final class WriteWatch: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Called once the answer that is written next was handed to the kernel whole; let go of when it cannot be.
    var onWritten: (@Sendable () -> Void)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let onWritten, case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        self.onWritten = nil
        let promise = promise ?? context.eventLoop.makePromise()
        promise.futureResult.whenSuccess(onWritten)
        context.write(data, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) { onWritten = nil }
}
