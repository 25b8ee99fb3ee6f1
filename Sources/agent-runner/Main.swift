import AgentRuntime
import AgentTools
import CLinux
import Glibc
import LinuxIO

/// The program inside the sandbox: the runner, `--tool-server` in the tool tier, `--recover` for a hot journal.
@main
enum Main {
    // Synchronous: an asynchronous main costs a static executable 15 ms of its start.
    static func main() {
        // What tools run has the same uid: it is to reach neither memory nor environment through /proc or ptrace.
        guard clinux_set_dumpable(0) == 0 else { exit(1) }
        setenv("SWIFT_ROOT", "/", 0)
        let arguments = CommandLine.arguments.dropFirst()
        // The same file under the name that people and agents know.
        if CommandLine.arguments.first?.split(separator: "/").last == "nanoclaw" {
            exit(CommandLineClient.run(Array(arguments)))
        }
        switch arguments.first {
        case nil:
            Task.detached { exit(await RunnerProcess.run()) }
            while true { pause() }
        case "--recover" where arguments.count == 1:
            exit(RunnerProcess.recover())
        case "--tool-server" where arguments.count == 1 || arguments.count == 3:
            let agent = arguments.count == 3 ? arguments[2] : "/workspace/agent"
            let instructions = arguments.count == 3 ? arguments[3] : "/workspace/instructions"
            let server = ToolServer(agent: agent, instructions: instructions)
            exit(server.serve(input: Descriptor(owning: 0), output: Descriptor(owning: 1)))
        default:
            let usage =
                "usage: agent-runner | agent-runner --recover | agent-runner --tool-server [AGENT INSTRUCTIONS]\n"
            try? Descriptor(owning: 2).write(usage.utf8)
            exit(2)
        }
    }
}
