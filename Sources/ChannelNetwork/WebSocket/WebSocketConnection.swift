import Core
import NIOCore
import NIOWebSocket

/// An open WebSocket; it lives inside `WebSocketClient.withConnection`.
package final class WebSocketConnection: Sendable {
    private let channel: any Channel
    private let mailbox: WebSocketMailbox
    private let options: WebSocketOptions
    private let time: any TimeSource
    private let place: String

    init(
        _ channel: any Channel,
        _ mailbox: WebSocketMailbox,
        _ options: WebSocketOptions,
        _ time: any TimeSource,
        place: String
    ) {
        self.channel = channel
        self.mailbox = mailbox
        self.options = options
        self.time = time
        self.place = place
    }

    /// The server's messages, for one reader.
    package var messages: WebSocketMessages { WebSocketMessages(connection: self) }

    /// How the server ended the connection; nil while it stands.
    package var closing: WebSocketClose? { mailbox.closing }

    /// Sends a text message; returns once it is handed to the kernel.
    package func send(_ text: String) async throws(NetworkError) { try await send(.text, ByteBuffer(string: text)) }

    /// Sends a binary message; returns once it is handed to the kernel.
    package func send(_ bytes: [UInt8]) async throws(NetworkError) { try await send(.binary, ByteBuffer(bytes: bytes)) }

    /// Closes with this code and waits for the server's close frame, at most for the limit; what it still sends is lost.
    ///
    /// A code that may not be sent becomes 1000. When the task is cancelled the connection is cut.
    package func close(code: UInt16 = 1000, reason: String = "") async {
        if mailbox.beginClosing(), mailbox.markCloseSent() {
            let code = WebSocketAssembler.isSendable(code) ? code : 1000
            channel.writeAndFlush(WebSocketFrames.close(code, reason: reason), promise: nil)
            resumeReading()
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [channel, time, options] in
                try? await time.sleep(for: options.closeLimit)
                channel.close(promise: nil)
            }
            try? await channel.closeFuture.get()
            group.cancelAll()
        }
    }

    func next() async throws(NetworkError) -> WebSocketMessage? { try await mailbox.take(resumeReading) }

    /// Pings as the options say until the task is cancelled; ends the connection when nothing comes back.
    func keepAlive() async {
        guard let interval = options.pingInterval else { return }
        while (try? await time.sleep(for: interval)) != nil {
            let before = mailbox.arrivals
            channel.writeAndFlush(WebSocketFrames.frame(.ping, ByteBuffer()), promise: nil)
            guard (try? await time.sleep(for: options.pongLimit)) != nil else { return }
            // While we do not read, its silence says nothing.
            guard mailbox.arrivals == before, !mailbox.isPaused else { continue }
            let message = "\(place) has not answered a ping for \(options.pongLimit)"
            mailbox.finish(.failure(NetworkError(.timeout, message)), .dropped)
            channel.close(promise: nil)
            return
        }
    }

    private func resumeReading() { _ = channel.setOption(.autoRead, value: true) }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer) async throws(NetworkError) {
        guard !mailbox.isClosing else { throw NetworkError(.closed, "The WebSocket to \(place) is closed") }
        do {
            try await channel.writeAndFlush(WebSocketFrames.frame(opcode, data)).get()
        } catch {
            throw NetworkError(.closed, "The WebSocket to \(place) is closed: \(error)")
        }
    }
}

/// The messages of a connection: they end after the server's close frame, and throw when it ends otherwise.
package struct WebSocketMessages: AsyncSequence, Sendable {
    package typealias Element = WebSocketMessage
    package typealias Failure = NetworkError

    let connection: WebSocketConnection

    package func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

    /// Takes one message after the other.
    package struct Iterator: AsyncIteratorProtocol {
        let connection: WebSocketConnection

        package mutating func next() async throws -> WebSocketMessage? { try await connection.next() }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(NetworkError) -> WebSocketMessage? {
            try await connection.next()
        }
    }
}
