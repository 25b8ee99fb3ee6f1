import NIOCore
import NIOPosix

/// The one thread that everything runs on between sandboxes and model servers: a request that crosses from its
/// connection to another's would wait for a second thread with every piece.
enum EgressThread {
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    static let tasks = EventLoopTasks(loop)
}

/// Runs tasks on the thread of an event loop, for code that never waits but by `await`.
final class EventLoopTasks: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
