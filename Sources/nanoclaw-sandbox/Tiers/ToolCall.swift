import CLinux
import Glibc

/// One command to be run in the tool tier.
struct ToolCall {
    let argv: [String]
    let environment: [String]
    let directory: String
    let background: Bool
    let streams: [Int32]

    /// Forks the call's subreaper; it says over the channel how the start went, and later how the call ended.
    func start() throws(StepError) -> (subreaper: pid_t, channel: Int32) {
        let channel = try Channel.pair()
        let pid = clinux_clone(0, nil)
        if pid == 0 { subreaper(channel.theirs) }
        close(channel.theirs)
        if pid < 0 {
            close(channel.mine)
            throw StepError(step: "fork", errno: -pid)
        }
        return (pid, channel.mine)
    }

    private func subreaper(_ channel: Int32) -> Never {
        clinux_set_name("call")
        let first: pid_t
        do throws(StepError) {
            first = try startCommand(channel)
        } catch {
            tell([2, error.errno, 0], channel)
            _exit(0)
        }
        tell([1, first, 0], channel)
        clinux_call_loop(first, channel, background ? 1 : 0)
    }

    /// The command's process once its program runs.
    private func startCommand(_ channel: Int32) throws(StepError) -> pid_t {
        let kept = streams + [channel]
        try step("close", clinux_keep_only(kept, Int32(kept.count)))
        try step("subreaper", clinux_become_subreaper())
        let started = try Channel.pair()
        let first = clinux_clone(0, nil)
        if first == 0 { command(started.theirs) }
        close(started.theirs)
        try step("fork", first)
        // The channel closes by the exec itself.
        if case .message(let bytes, _) = Channel.receive(started.mine, waiting: true), bytes.count == 4 {
            throw StepError(step: "exec", errno: bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) })
        }
        for descriptor in streams + [started.mine] { close(descriptor) }
        return first
    }

    private func tell(_ numbers: [Int32], _ channel: Int32) {
        numbers.withUnsafeBytes { _ = Channel.send(Array($0), over: channel) }
    }

    private func command(_ started: Int32) -> Never {
        var told = started
        var failure = clinux_place(streams, 3, &told, -1)
        if failure == 0 {
            clinux_reset_signals()
            setsid()
            umask(0o022)
            failure = result(chdir(directory))
            // A process of the tier may look at its own /proc/self.
            clinux_set_dumpable(1)
            let path = environment.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? Program.path
            if failure == 0 { failure = Program.execute(argv, environment, path: path) }
        }
        withUnsafeBytes(of: -failure) { _ = Channel.send(Array($0), over: told) }
        _exit(125)
    }
}
