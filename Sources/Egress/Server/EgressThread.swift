import NIOCore
import NIOPosix

/// The one thread that all connections between sandboxes and model servers have, and the tasks that serve them: a request
/// that crosses from one thread's to another's waits for the second with every piece.
enum EgressThread {
    /// Not one of the channels' own: the files of keys and of the log are read and written here.
    static let loop: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    static let executor = EventLoopExecutor(loop: loop)
}

/// Runs tasks on an event loop's thread; what blocks there holds up all of its connections.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
