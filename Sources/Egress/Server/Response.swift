import NIOCore
import NIOHTTP1

/// Writes answers to a sandbox; each write returns once the bytes are on their way, so that a slow reader slows the
/// writer.
///
/// When the task is cancelled the connection is closed.
struct Responder: Sendable {
    let channel: any Channel

    func head(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) async throws {
        try await write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
    }

    func body(_ buffer: ByteBuffer) async throws { try await write(.body(.byteBuffer(buffer))) }

    func end() async throws { try await write(.end(nil)) }

    /// A whole answer; the connection is to be closed after it.
    func whole(_ status: HTTPResponseStatus, type: String, _ text: String) async throws {
        let body = ByteBuffer(string: text)
        try await head(
            status,
            HTTPHeaders([
                ("content-type", type), ("content-length", String(body.readableBytes)), ("connection", "close"),
            ])
        )
        try await self.body(body)
        try await end()
    }

    private func write(_ part: HTTPServerResponsePart) async throws {
        try await withTaskCancellationHandler {
            try await channel.writeAndFlush(part).get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
