import CLinux
import Glibc
import SandboxWire

/// PID 1 of the tool tier: builds the tier's root while it has the privilege, then runs the calls that the runner asks for.
struct ToolInit {
    private let context: InitContext
    private let socket: Int32

    init(_ context: InitContext, socket: Int32) {
        self.context = context
        self.socket = socket
    }

    private var channel: Int32 { context.channels.tool.theirs }

    func run() -> Never {
        beginRole("tool")
        do throws(StepError) {
            try step("pdeathsig", clinux_die_with_parent())
            let kept = [socket, channel] + context.mounts(of: .tool).map(\.tree)
            try step("close", clinux_keep_only(kept, Int32(kept.count)))
            try holdStreams()
            try step("loopback", clinux_loopback_up())
            let listener = try step("listen", clinux_listen(InitContext.port))
            let calls = try step("listen for calls", clinux_listen(InitContext.callPort))
            close(try RootBuilder(context, .tool).build())
            // PID 1 waits for this before it forbids further mount namespaces, which a detached mount counts as.
            Channel.send([1], over: socket)
            try step("chdir", result(chdir("/workspace/agent")))
            let landlock = try Tier(context: context, tier: .tool).enter()
            try step("not dumpable", clinux_set_dumpable(0))
            let facts = try readFacts(role: "tool", landlock: landlock)
            Channel.send(.facts(facts), over: channel, passing: [listener])
            close(listener)
            close(channel)
            // The runner waits for this: no program runs before both tiers are finished.
            Channel.send([2], over: socket, passing: [calls])
            close(calls)
        } catch {
            Channel.send(.failed(step: "tool init: \(error.step)", errno: error.errno), over: channel)
            _exit(125)
        }
        var calls = ToolCalls(socket: socket, timeZone: context.plan.timeZone)
        calls.serve()
    }

    /// Keeps the descriptors 0 to 2 taken, so that nothing of ours is ever one of them.
    private func holdStreams() throws(StepError) {
        var null: Int32 = -1
        repeat {
            null = try step("open /dev/null", result(open("/dev/null", O_RDWR | O_CLOEXEC)))
        } while null <= 2
        close(null)
    }
}
