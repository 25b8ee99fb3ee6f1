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
        let kept = streams + [channel]
        guard clinux_keep_only(kept, Int32(kept.count)) == 0, clinux_become_subreaper() == 0,
            let started = try? Channel.pair()
        else { _exit(125) }
        clinux_set_name("call")
        let first = clinux_clone(0, nil)
        if first == 0 { command(started.theirs) }
        close(started.theirs)
        var failure = first < 0 ? -first : 0
        // The channel closes by the exec itself.
        if first > 0, case .message(let bytes, _) = Channel.receive(started.mine, waiting: true), bytes.count == 4 {
            failure = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        }
        for descriptor in streams + [started.mine] { close(descriptor) }
        let told: [Int32] = failure == 0 ? [1, first, 0] : [2, failure, 0]
        told.withUnsafeBytes { _ = Channel.send(Array($0), over: channel) }
        if failure != 0 { _exit(0) }
        clinux_call_loop(first, channel, background ? 1 : 0)
    }

    private func command(_ started: Int32) -> Never {
        var told = started
        var failure = clinux_place(streams, 3, &told)
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
