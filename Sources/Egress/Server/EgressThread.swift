import NIOCore
import NIOPosix

/// The one thread that all connections between sandboxes and model servers have, and the tasks that serve them: a request
/// that crosses from one thread's to another's waits for the second with every piece.
enum EgressThread {
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    static let executor = EventLoopExecutor(loop: loop)
}

/// Runs tasks on an event loop's thread; what they do must not block.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
