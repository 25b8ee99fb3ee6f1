import AgentTools
import Glibc
import LinuxIO
import Synchronization

/// The one thread of a runner: everything that touches its databases runs here, and its ticks come from here, so that
/// a runner that hangs is seen to hang.
final class RunnerThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        /// The thread waits for a byte, or is about to.
        var isWaiting = false
    }

    private let state = Mutex(State())
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
        let wasWaiting = state.withLock { state in
            state.jobs.append(job)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        // One byte for each wait: the pipe is never full.
        if wasWaiting { try? wake.write.write([1]) }
    }

    private func run() -> Never {
        while true {
            let due = state.withLock { state in
                defer { state.jobs = [] }
                state.isWaiting = state.jobs.isEmpty
                return state.jobs
            }
            for job in due { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if due.isEmpty { _ = try? wake.read.read(upTo: 1) }
        }
    }
}
