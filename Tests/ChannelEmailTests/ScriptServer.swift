import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that answers lines as a test says.
final class ScriptServer: Sendable {
    /// What to answer a line with; nil closes the connection.
    typealias Script = @Sendable (String) -> String?

    private let lines = Mutex<[String]>([])
    private let connections = Mutex(0)

    /// All lines that came.
    var said: [String] { lines.withLock { $0 } }
    /// How many connections were made.
    var count: Int { connections.withLock { $0 } }

    /// Greets and answers while the body runs; its port is handed in.
    static func with(
        greeting: String,
        _ script: @escaping Script,
        body: (Int, ScriptServer) async throws -> Void
    ) async throws {
        let server = ScriptServer()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                server.connections.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(greeting, script, server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(channel.localAddress?.port ?? 0, server)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    fileprivate func note(_ line: String) { lines.withLock { $0.append(line) } }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: String
    private let script: ScriptServer.Script
    private let server: ScriptServer
    private var text: [UInt8] = []

    init(_ greeting: String, _ script: @escaping ScriptServer.Script, _ server: ScriptServer) {
        self.greeting = greeting
        self.script = script
        self.server = server
    }

    func channelActive(context: ChannelHandlerContext) { send(greeting, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += unwrapInboundIn(data).readableBytesView
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: text[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            text.removeFirst(end + 1)
            server.note(line)
            guard let answer = script(line) else { return context.close(promise: nil) }
            send(answer, context)
        }
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        guard !text.isEmpty else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
