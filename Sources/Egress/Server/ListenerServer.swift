import Glibc
import LinuxIO
import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves HTTP/1.1 on a listener that came from a sandbox.
///
/// All listeners share one thread.
struct ListenerServer {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, Never>

    /// Connections of one listener at once; a sandbox may open as many as it likes, they wait in its own backlog.
    var connectionLimit = 16

    /// Accepts and serves until the task is cancelled, then closes everything.
    ///
    /// `handle` serves one connection; it is cancelled when the client leaves.
    func run(
        _ listener: Descriptor,
        handle: @escaping @Sendable (Connection) async throws -> Void
    ) async throws {
        let server = try await bind(listener)
        try await server.executeThenClose { connections in
            await withTaskGroup(of: Void.self) { group in
                var open = 0
                do {
                    for try await connection in connections {
                        group.addTask { await Self.serve(connection, handle) }
                        open += 1
                        if open >= connectionLimit, await group.next() != nil { open -= 1 }
                    }
                } catch {
                    // The listener failed or the task was cancelled: either way nothing more comes.
                }
                group.cancelAll()
            }
        }
    }

    private func bind(_ listener: Descriptor) async throws -> NIOAsyncChannel<Connection, Never> {
        let number = fcntl(listener.number, F_DUPFD_CLOEXEC, 3)
        guard number >= 0 else { throw Errno.last("fcntl F_DUPFD_CLOEXEC") }
        // From here on the number is NIO's, which closes it in every case.
        return try await ServerBootstrap(group: EgressThread.loop)
            // A request with its tools has some 24 KB: in one piece, not in four that double.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
            .bind(
                number,
                serverBackPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                childChannelInitializer: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                        return try Connection(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4))
                        )
                    }
                }
            )
    }

    private static func serve(
        _ connection: Connection,
        _ handle: @escaping @Sendable (Connection) async throws -> Void
    ) async {
        let channel = connection.channel
        let (left, leave) = AsyncStream<Never>.makeStream()
        channel.closeFuture.whenComplete { _ in leave.finish() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // An error is the connection's own: it ends, others go on.
                try? await handle(connection)
                try? await channel.close()
            }
            group.addTask { for await _ in left {} }
            await group.next()
            group.cancelAll()
        }
    }
}
