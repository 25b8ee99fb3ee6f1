import CLinux
import Glibc
import Synchronization

/// One thread that runs the jobs of the actors pinned to it, in order.
package final class ThreadExecutor: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        /// The thread waits for the signal, or is about to.
        var isWaiting = false
        var isStopped = false
    }

    private let state = Mutex(State())
    /// An eventfd: raised once for each wait.
    private let signal: Descriptor

    /// Starts the thread; it runs until ``stop()``.
    package init() throws {
        signal = Descriptor(owning: try Errno.check(clinux_eventfd(), "eventfd"))
        var thread = pthread_t()
        // The thread holds the executor until it ends, so that a job may let go of the last other reference.
        let this = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            this.toOpaque()
        )
        guard code == 0 else {
            this.release()
            throw Errno(code, "pthread_create")
        }
        pthread_detach(thread)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wasWaiting = state.withLock { state in
            state.jobs.append(job)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if wasWaiting { clinux_eventfd_raise(signal.number) }
    }

    /// Ends the thread once its queue is empty.
    package func stop() {
        state.withLock { $0.isStopped = true }
        clinux_eventfd_raise(signal.number)
    }

    private func run() {
        while true {
            let (jobs, isStopped) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                state.isWaiting = jobs.isEmpty
                return (jobs, state.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if jobs.isEmpty {
                if isStopped { return }
                clinux_eventfd_wait(signal.number)
            }
        }
    }
}
