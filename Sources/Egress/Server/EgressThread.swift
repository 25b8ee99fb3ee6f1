import NIOCore
import NIOPosix

/// The one thread that all connections between sandboxes and model servers have: a request that crosses from one thread's
/// to another's waits for the second with every piece.
enum EgressThread {
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
}
