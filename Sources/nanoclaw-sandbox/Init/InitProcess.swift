import CCap
import CLinux
import Glibc
import SandboxWire

/// PID 1 of a sandbox: makes both tiers while it has the privilege, then drops it and reaps.
struct InitProcess {
    private var context: InitContext

    init(_ context: InitContext) { self.context = context }

    private var channel: Int32 { context.channels.initProcess.theirs }

    /// Does it all; never returns.
    mutating func run() -> Never {
        beginRole("init")
        do throws(StepError) {
            try prepare()
            let tools = try Channel.pair()
            try startToolInit(tools.theirs)
            close(tools.theirs)
            let limits = try RootBuilder(context, .runner).build()
            try limitNamespaces(limits, after: tools.mine)
            let gate = try Channel.pair()
            let runner = try startRunner(tools.mine, gate)
            close(tools.mine)
            close(gate.theirs)
            try finish(gate.mine)
            clinux_init_loop(runner, channel)
        } catch {
            Channel.send(.failed(step: "PID 1: \(error.step)", errno: error.errno), over: channel)
            _exit(125)
        }
    }

    /// Identity, names and network, with the launcher's go.
    private mutating func prepare() throws(StepError) {
        close(context.channels.initProcess.mine)
        close(context.channels.runner.mine)
        close(context.channels.tool.mine)
        close(context.request.control)
        close(context.request.lifeline)
        close(context.request.plan)
        try step("pdeathsig", clinux_die_with_parent())
        // The spawner's name paths of the box.
        try step("arguments", clinux_set_arguments("nanoclaw-sandbox"))
        guard case .message = Channel.receive(channel, waiting: true) else { _exit(125) }
        try step("dumpable", clinux_set_dumpable(1))
        if !context.identities.root {
            let resolver = try BindResolver(context.configuration, context.identities)
            context.mounts = try resolver.detach(context.binds) { _ in -1 }
            close(resolver.home)
        }
        try step("become root of the namespace", clinux_become(0, 0, context.identities.root ? 1 : 0))
        // A change of identity cleared both.
        try step("dumpable again", clinux_set_dumpable(1))
        try step("pdeathsig again", clinux_die_with_parent())
        if case .gone = Channel.receive(channel) { _exit(125) }
        try step("unshare cgroup", clinux_unshare(CLONE_NEWCGROUP))
        try step("sethostname", result(sethostname("nanoclaw", 8)))
        try step("private mounts", clinux_make_private())
        clinux_block_signals()
    }

    /// The tool init with namespaces of its own, before this process's mounts change.
    private func startToolInit(_ socket: Int32) throws(StepError) {
        let namespaces = UInt64(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC)
        let pid = try step("clone tool init", clinux_clone(namespaces, nil))
        if pid == 0 { ToolInit(context, socket: socket).run() }
        for mount in context.mounts(of: .tool) { close(mount.tree) }
        close(context.channels.tool.theirs)
    }

    /// From here on no namespace can be made but the second user namespace of each tier.
    private func limitNamespaces(_ directory: Int32, after tools: Int32) throws(StepError) {
        guard case .message = Channel.receive(tools, waiting: true) else {
            throw StepError(step: "tool init: it ended", errno: ECHILD)
        }
        let count = context.identities.namespacesPerID
        try step("namespace limits", clinux_user_limits("/proc/self/fd/\(directory)", count))
        close(directory)
    }

    private func startRunner(_ tools: Int32, _ gate: (mine: Int32, theirs: Int32)) throws(StepError) -> pid_t {
        let pid = try step("fork runner", clinux_clone(0, nil))
        if pid == 0 {
            close(gate.mine)
            Runner(context, tools: tools, gate: gate.theirs).run()
        }
        close(context.channels.runner.theirs)
        return pid
    }

    /// The runner's listener, then nothing but the right to reap and to pass a signal on.
    private func finish(_ gate: Int32) throws(StepError) {
        try step("loopback", clinux_loopback_up())
        let listener = try step("listen", clinux_listen(InitContext.port))
        // The real uid is the runner's, so that kill(2) may reach it without a capability.
        if context.identities.root {
            try step("real uid of the runner", clinux_set_real_uid(context.identities.runner))
        }
        try step("detach keyring", clinux_keyring_detach())
        try step("no_new_privs", clinux_no_new_privileges())
        try step("drop capabilities", ccap_drop_all())
        try step("pdeathsig at last", clinux_die_with_parent())
        try step("not dumpable", clinux_set_dumpable(0))
        try step("close", clinux_keep_only([channel, listener, context.lock, gate], 4))
        // Its own filter leaves no call to read the mode back: the launcher does, from outside.
        let facts = try readFacts(role: "init", landlock: 0)
        try step("seccomp", clinux_seccomp_init())
        Channel.send(.facts(facts), over: channel, passing: [listener])
        close(listener)
        Channel.send([1], over: gate)
        close(gate)
    }
}
