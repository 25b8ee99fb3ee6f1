import AgentTools
import Glibc
import LinuxIO
import Synchronization

/// The one thread of a runner: everything that touches its databases runs here, and its ticks come from here, so that
/// a runner that hangs is seen to hang.
final class RunnerThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let wake: Pipe

    /// Starts the thread; it lives as long as the process.
    init() throws {
        wake = try Pipe()
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<RunnerThread>.fromOpaque(argument).takeUnretainedValue().run()
            },
            this.toOpaque()
        )
        guard code == 0 else {
            this.release()
            throw Errno(code, "pthread_create")
        }
        pthread_detach(thread)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wasEmpty = jobs.withLock { jobs in
            defer { jobs.append(job) }
            return jobs.isEmpty
        }
        // One byte waits at most: it is written only when the list was empty, and the thread empties the list.
        if wasEmpty { try? wake.write.write([1]) }
    }

    private func run() -> Never {
        while true {
            _ = try? wake.read.read(upTo: 1)
            let due = jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            for job in due { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}
