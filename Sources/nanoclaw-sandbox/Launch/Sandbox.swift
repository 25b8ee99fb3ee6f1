import CLinux
import Glibc
import SandboxWire

/// The channels between the launcher and the processes of its sandbox.
struct InitChannels {
    let initProcess: (mine: Int32, theirs: Int32)
    let runner: (mine: Int32, theirs: Int32)
    let tool: (mine: Int32, theirs: Int32)

    init() throws(StepError) {
        initProcess = try Channel.pair()
        runner = try Channel.pair()
        tool = try Channel.pair()
    }

    func closeTheirs() {
        for descriptor in [initProcess.theirs, runner.theirs, tool.theirs] { close(descriptor) }
    }
}

extension clinux_end {
    /// What PID 1 tells at the end; nil for another message.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == MemoryLayout<clinux_end>.size else { return nil }
        self = bytes.withUnsafeBytes { $0.loadUnaligned(as: clinux_end.self) }
    }
}

/// A sandbox as its launcher holds it.
struct Sandbox {
    let pid: pid_t
    let pidfd: Int32
    let channels: InitChannels
    var runnerListener: Int32 = -1
    var toolListener: Int32 = -1
    var end = clinux_end(code: 0, signal: SIGKILL)
    /// Lets go on what the spawner has frozen; below 0 where there is no freezer.
    var thawer: Int32 = -1

    init(pid: pid_t, pidfd: Int32, channels: InitChannels) {
        self.pid = pid
        self.pidfd = pidfd
        self.channels = channels
    }

    /// Lets go of what only the set-up needed.
    func closeForWatching() {
        for descriptor in [runnerListener, toolListener, channels.runner.mine, channels.tool.mine] { close(descriptor) }
    }

    /// How often, in milliseconds, what was killed is made to go on until it is dead.
    static let thawInterval: Int32 = 100

    /// Sends SIGKILL to PID 1, which ends every process of the sandbox.
    ///
    /// In cgroup v1 none of them dies while it is frozen, and the spawner may freeze them again.
    func sendKill() {
        clinux_pidfd_signal(pidfd, SIGKILL)
        if thawer >= 0 { clinux_cgroup_thaw(thawer) }
    }

    /// Kills, and waits until PID 1 is dead.
    func kill() {
        var ready: [UInt8] = [0]
        repeat { sendKill() } while clinux_poll([pidfd], 1, Self.thawInterval, &ready) <= 0
        var code: Int32 = 0
        var signal: Int32 = 0
        clinux_wait(pid, 0, &code, &signal)
    }
}

/// Waits until every process of a sandbox is finished: facts of three processes, two listeners, and the runner's exec.
struct ReportCollector {
    let channels: InitChannels
    let lifeline: Int32
    let control: Int32

    private(set) var facts: [WireFacts] = []
    private(set) var runnerListener: Int32 = -1
    private(set) var toolListener: Int32 = -1
    /// How the runner ended, when it did before all were finished.
    private(set) var end: clinux_end?

    init(channels: InitChannels, lifeline: Int32, control: Int32) {
        self.channels = channels
        self.lifeline = lifeline
        self.control = control
    }

    /// Longest wait for the whole set-up, in milliseconds.
    private static let patience: Int64 = 10_000

    /// Returns itself complete; throws the first step that failed anywhere, or what is missing after 10 s.
    mutating func collect() throws(StepError) -> ReportCollector {
        do throws(StepError) {
            return try collectAll()
        } catch  where error.errno == ECHILD {
            // A process that ended because another failed: the other has said why before it ended.
            throw cause() ?? error
        }
    }

    private func cause() -> StepError? {
        for channel in [channels.tool.mine, channels.runner.mine, channels.initProcess.mine] {
            while case .message(let bytes, _) = Channel.receive(channel, limit: SandboxWire.maximumDatagram) {
                if case .failed(let step, let errno) = try? LauncherMessage(decoding: bytes), errno != ECHILD {
                    return StepError(step: step, errno: errno)
                }
            }
        }
        return nil
    }

    private mutating func collectAll() throws(StepError) -> ReportCollector {
        let deadline = clinux_milliseconds() + Self.patience
        var live = [channels.initProcess.mine, channels.runner.mine, channels.tool.mine, lifeline, control]
        while live[1] >= 0 || facts.count < 3 {
            var ready = [UInt8](repeating: 0, count: live.count)
            let left = deadline - clinux_milliseconds()
            guard left > 0 else { throw StepError(step: "set-up: no end after 10 s", errno: ETIMEDOUT) }
            guard clinux_poll(live, Int32(live.count), Int32(left), &ready) > 0 else { continue }
            // What the tiers tell is more exact than that PID 1 is gone after them: it is read last.
            for index in [1, 2, 0] where ready[index] != 0 {
                if try take(live[index]) { continue }
                if index == 0, end != nil {
                    live[0] = -1
                    continue
                }
                guard (index == 1 && has("runner")) || (index == 2 && has("tool")) else {
                    throw StepError(step: "set-up: a process ended without a word", errno: ECHILD)
                }
                live[index] = -1
            }
            guard ready[3] == 0, ready[4] == 0 else { throw StepError(step: "the host is gone", errno: EPIPE) }
        }
        guard runnerListener >= 0, toolListener >= 0 else {
            throw StepError(step: "set-up: no listener", errno: ECHILD)
        }
        return self
    }

    /// PID 1 cannot ask for its own filter once it is in force: reads it from outside.
    mutating func readInitFilter(_ pid: pid_t) throws(StepError) {
        guard let index = facts.firstIndex(where: { $0.role == "init" }) else { return }
        let mode = clinux_status_number(pid, "Seccomp")
        guard mode >= 0 else { throw StepError(step: "read the filter of PID 1", errno: Int32(-mode)) }
        facts[index].seccomp = UInt32(mode)
        facts[index].seccompFilters = UInt32(max(0, clinux_status_number(pid, "Seccomp_filters")))
    }

    private func has(_ role: String) -> Bool { facts.contains { $0.role == role } }

    /// False at the channel's end.
    private mutating func take(_ channel: Int32) throws(StepError) -> Bool {
        switch Channel.receive(channel, limit: SandboxWire.maximumDatagram) {
        case .gone: return false
        case .nothing: return true
        case .message(let bytes, let descriptors):
            if channel == channels.initProcess.mine, let end = clinux_end(bytes) {
                self.end = end
                return true
            }
            guard let message = try? LauncherMessage(decoding: bytes) else {
                throw StepError(step: "set-up: a malformed report", errno: EPROTO)
            }
            switch message {
            case .failed(let step, let errno): throw StepError(step: step, errno: errno)
            case .facts(let told):
                facts.append(told)
                if let listener = descriptors.first {
                    if told.role == "tool" { toolListener = listener } else { runnerListener = listener }
                }
            default: throw StepError(step: "set-up: a strange report", errno: EPROTO)
            }
            return true
        }
    }
}
