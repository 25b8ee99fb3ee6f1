import CLinux
import Glibc
import SandboxWire

/// The process of the runner tier: hardens itself, reports, becomes the program.
struct Runner {
    private let context: InitContext
    private let tools: Int32
    private let gate: Int32

    /// `gate`: tells when PID 1 has dropped its privilege.
    init(_ context: InitContext, tools: Int32, gate: Int32) {
        self.gate = gate
        self.context = context
        self.tools = tools
    }

    private var channel: Int32 { context.channels.runner.theirs }

    func run() -> Never {
        beginRole("runner")
        var told = channel
        do throws(StepError) {
            close(context.channels.initProcess.theirs)
            clinux_reset_signals()
            let limit = context.plan.limits.openFiles
            // Over any other socket nothing can be passed: not to the host, where the last close of it could hold a thread up.
            let passing = try step("place the tools' socket", clinux_copy_beyond(tools, limit))
            let landlock = try Tier(context: context, tier: .runner).enter(passing: passing)
            let null = try step("open /dev/null", result(open("/dev/null", O_RDONLY | O_CLOEXEC)))
            try step("chdir", result(chdir("/workspace/state")))
            var passed: [Int32] = []
            for (name, socket) in [("tool init", tools), ("PID 1", gate)] {
                guard case .message(_, let descriptors) = Channel.receive(socket, waiting: true) else {
                    throw StepError(step: "\(name): it ended", errno: ECHILD)
                }
                passed += descriptors
            }
            guard let calls = passed.first else { throw StepError(step: "tool init: no listener", errno: EBADMSG) }
            let placed = [
                context.request.input ?? null, context.request.output, context.request.errorOutput,
                context.request.bell,
                context.request.events, context.lock, calls,
            ]
            // Descriptors 0 to 6; the channel becomes the next and closes when the program starts.
            try step("place descriptors", clinux_place(placed, Int32(placed.count), &told, passing))
            Channel.send(.facts(try readFacts(role: "runner", landlock: landlock)), over: told)
            try start(told, passing)
        } catch {
            Channel.send(.failed(step: "runner: \(error.step)", errno: error.errno), over: told)
        }
        _exit(125)
    }

    private func start(_ told: Int32, _ passing: Int32) throws(StepError) {
        // Calls are the runner's to take.
        if context.plan.program != .runner { close(6) }
        switch context.plan.program {
        case .runner: try execute(["/run/nanoclaw/agent-runner"], passing)
        case .recover: try execute(["/run/nanoclaw/agent-runner", "--recover"], passing)
        case .command(.runner, let argv): try execute(argv, passing)
        case .command(.tool, let argv):
            close(told)
            ToolCommand.run(argv, over: passing)
        }
    }

    private func execute(_ argv: [String], _ passing: Int32) throws(StepError) {
        try step("exec \(argv[0])", Program.execute(argv, environment(passing), path: Program.path))
    }

    private func environment(_ passing: Int32) -> [String] {
        var variables = [
            "SWIFT_ROOT=/", "HOME=/workspace/state", "PATH=\(Program.path)", "LANG=C.UTF-8",
            "NANOCLAW_INCARNATION=\(context.plan.incarnation)", "NANOCLAW_TOOLS=\(passing)",
        ]
        if !context.plan.timeZone.isEmpty { variables.append("TZ=\(context.plan.timeZone)") }
        return variables
    }
}

/// Runs one command in the tool tier on behalf of the host, with this process's streams, and ends as it does.
enum ToolCommand {
    static func run(_ argv: [String], over socket: Int32) -> Never {
        let request = ToolRequest.start(
            call: 1,
            argv: argv,
            environment: [],
            directory: "/workspace/agent",
            background: false
        )
        guard Channel.send(request.encoded(), over: socket, passing: [0, 1, 2]) else { _exit(125) }
        while true {
            switch Channel.receive(socket, limit: SandboxWire.maximumDatagram, waiting: true) {
            case .gone: _exit(125)
            case .nothing: continue
            case .message(let bytes, _):
                switch try? ToolEvent(decoding: bytes) {
                case .exited(_, let code, let signal): _exit(signal == 0 ? code : 128 + signal)
                case .failed(_, let step, let errno):
                    let text = Array("nanoclaw-sandbox: \(step): \(String(cString: strerror(errno)))\n".utf8)
                    _ = write(2, text, text.count)
                    _exit(errno == ENOENT ? 127 : 126)
                default: continue
                }
            }
        }
    }
}
