import CLinux
import Glibc
package import LinuxIO
import SandboxWire
import Synchronization

/// How a sandbox's runner ended.
package enum SandboxExit: Sendable, Hashable {
    case code(Int32)
    /// Also 9 when the whole sandbox was killed.
    case signal(Int32)
}

/// A running sandbox.
///
/// Letting go of it kills it.
package final class SandboxProcess: Sendable {
    /// What the host keeps of a session's sockets and pipes.
    struct Ends {
        let control: PacketSocket
        let bell: PacketSocket
        let events: PacketSocket
        let output: Descriptor
        let errorOutput: Descriptor
    }
    private struct State {
        var exit: SandboxExit?
        var waiters: [CheckedContinuation<SandboxExit, Never>] = []
        var breach: String?
        var watch: SandboxWatchdog.Registration?
    }

    /// PID 1 as the host sees it.
    package let pid: Int32
    /// Clock ticks since boot, of PID 1.
    package let startTime: UInt64
    package let bootID: String
    /// Read back inside the finished sandbox.
    package let report: IsolationReport
    package let bell: PacketSocket
    package let events: PacketSocket
    /// Listens on 127.0.0.1:3128 inside the runner's network namespace; non-blocking.
    package let modelListener: Descriptor
    /// The same for the tools'.
    package let toolListener: Descriptor
    /// Read end of the runner's standard output.
    package let output: Descriptor
    /// Read end of the runner's standard error.
    package let errorOutput: Descriptor

    private let control: PacketSocket
    private let pidfd: Descriptor
    private let state = Mutex(State())

    private init(_ ends: Ends, pid: Int32, report: IsolationReport, _ passed: [Descriptor]) throws {
        self.pid = pid
        self.report = report
        pidfd = passed[0]
        modelListener = passed[1]
        toolListener = passed[2]
        // PID 1 cannot be reaped before this: it is dead or alive, but the number is its own.
        startTime = ProcessIdentity.startTime(of: pid) ?? 0
        bootID = ProcessIdentity.bootID()
        control = ends.control
        bell = ends.bell
        events = ends.events
        output = ends.output
        errorOutput = ends.errorOutput
    }

    /// Waits for the launcher's answer.
    static func begin(
        _ ends: Ends,
        limits: SandboxLimits,
        watchdog: SandboxWatchdog
    ) async throws -> SandboxProcess {
        // Cancelled, the control socket closes with `ends`, and the launcher ends what it has begun.
        try await Readiness.shared.readable(ends.control.descriptor)
        guard case .message(let bytes, let passed) = try ends.control.receive(limit: SandboxWire.maximumDatagram) else {
            throw SandboxError(.spawner, step: "spawn", errno: EPIPE, "the launcher died without a word")
        }
        switch try LauncherMessage(decoding: bytes) {
        case .started(let pid, let root, let cgroup, let degraded, let facts) where passed.count == 3:
            let report = IsolationReport(root: root, cgroup: cgroup, degraded: degraded, facts: facts)
            let process = try SandboxProcess(ends, pid: pid, report: report, passed)
            process.observe()
            if cgroup.isEmpty { process.watch(by: watchdog, limits) }
            return process
        case .failed(let step, let errno):
            throw SandboxError(.step, step: step, errno: errno)
        default:
            throw SandboxError(.spawner, step: "spawn", errno: EPROTO, "a strange answer of the launcher")
        }
    }

    // MARK: - Its end

    /// How the runner ended, once PID 1 is dead and reaped: no process of the sandbox is left, and the session may be
    /// spawned again.
    package func waitForExit() async -> SandboxExit {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> SandboxExit? in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Why the host's watchdog killed it, if that is how it ended.
    package var breach: String? { state.withLock { $0.breach } }

    /// Asks the runner to end: SIGTERM, which PID 1 passes on.
    ///
    /// By pidfd, which cannot hit another process; through the launcher where this uid may not.
    package func terminate() {
        if clinux_pidfd_signal(pidfd.number, SIGTERM) == -EPERM {
            _ = try? control.send([SpawnerRequest.terminate.rawValue])
        }
    }

    /// Ends every process of the sandbox.
    ///
    /// The launcher is told in each case: in cgroup v1 a process that is frozen dies only once it goes on.
    package func kill() {
        _ = clinux_pidfd_signal(pidfd.number, SIGKILL)
        _ = try? control.send([SpawnerRequest.kill.rawValue])
    }

    /// One task waits for the end, for all who ask; it holds what it needs and not this object.
    private func observe() {
        let pidfd = pidfd
        let control = control
        Task { [weak self] in
            try? await Readiness.shared.readable(pidfd)
            var exit = SandboxExit.signal(SIGKILL)
            // The launcher tells how, or is dead as well.
            try? await Readiness.shared.readable(control.descriptor)
            if case .message(let bytes, _)? = try? control.receive(limit: SandboxWire.maximumDatagram),
                case .exited(let code, let signal)? = try? LauncherMessage(decoding: bytes)
            {
                exit = signal == 0 ? .code(code) : .signal(signal)
            }
            self?.finish(exit)
        }
    }

    private func finish(_ exit: SandboxExit) {
        let (waiters, watch) = state.withLock { state in
            state.exit = exit
            defer {
                state.waiters = []
                state.watch = nil
            }
            return (state.waiters, state.watch)
        }
        watch?.end()
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    private func watch(by watchdog: SandboxWatchdog, _ limits: SandboxLimits) {
        let registration = watchdog.watch(
            pid: pid,
            pidfd: pidfd,
            memoryBytes: limits.memoryBytes,
            processes: limits.pids
        ) { [weak self] breach in
            self?.state.withLock { $0.breach = "\(breach)" }
            // Through the launcher where this uid may not.
            self?.kill()
        }
        state.withLock { state in
            if state.exit == nil { state.watch = registration }
        }
    }

    deinit {
        if state.withLock({ $0.exit }) == nil { clinux_pidfd_signal(pidfd.number, SIGKILL) }
    }
}
