import Core
import FoundationEssentials
import LinuxIO

/// Runs one command of the tool tier to its end, or to the end of its time.
struct CommandRun {
    let services: ToolServices

    /// How a command ended, and what it wrote.
    struct Outcome: Sendable {
        let exit: ToolExit
        let isTimedOut: Bool
        let output: CommandOutput
        /// Where the whole output is; nil when all of it is in `output`, or the file could not be written.
        let file: String?
    }

    /// Most bytes of the file that holds the whole output.
    private static let fileLimit = 32 * 1024 * 1024

    func run(_ argv: [String], timeout: Duration, _ context: ToolContext) async throws -> Outcome {
        let (running, reader) = try await start(argv)
        let file = "\(services.places.scratch)/output-\(context.number).txt"
        return try await withTaskCancellationHandler {
            async let written = collect(reader, limit: context.limits.toolOutput, file: file)
            let isTimedOut = try await expires(running, after: timeout)
            let exit = try await running.exit()
            let (output, isKept) = try await written
            return Outcome(
                exit: exit,
                isTimedOut: isTimedOut,
                output: output,
                file: output.isCut && isKept ? file : nil
            )
        } onCancel: {
            running.kill(9)
        }
    }

    /// Starts the command with one pipe as its output and error.
    ///
    /// Our copy of the writing end is gone on return, so that the pipe ends with the command.
    private func start(_ argv: [String]) async throws -> (ToolInitClient.Running, Descriptor) {
        let pipe = try Pipe()
        try pipe.read.setNonBlocking()
        let command = ToolCommand(
            argv: argv,
            environment: services.places.environment,
            directory: services.places.agent
        )
        let running = try await services.tier.start(
            command,
            input: try Descriptor.null(),
            output: pipe.write,
            error: pipe.write
        )
        return (running, pipe.read)
    }

    /// Waits for the end or for the time, whatever comes first; at the time the call is told to end, then ended.
    private func expires(_ running: ToolInitClient.Running, after timeout: Duration) async throws -> Bool {
        if try await ends(running, within: timeout) { return false }
        running.kill(15)
        if try await ends(running, within: .seconds(2)) { return true }
        running.kill(9)
        return true
    }

    private func ends(_ running: ToolInitClient.Running, within time: Duration) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = try await running.exit()
                return true
            }
            group.addTask {
                try await services.time.sleep(for: time)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
    }

    private func collect(_ reader: Descriptor, limit: Int, file: String) async throws -> (CommandOutput, Bool) {
        var output = CommandOutput(limit: limit)
        var isKept = true
        while true {
            let bytes = try await reader.nextBytes()
            if bytes.isEmpty { return (output, isKept) }
            let overflow = output.append(bytes)
            guard isKept, !overflow.isEmpty else { continue }
            do {
                _ = try await services.server.text(
                    .append(path: file, data: Data(overflow), limit: Self.fileLimit)
                )
            } catch is ToolFailure {
                // The command goes on; its result says that only a part was kept.
                isKept = false
            }
        }
    }
}
