import Core
import LinuxIO

/// Runs a task's pre-script in the tool tier: it decides cheaply whether the agent is woken at all.
package struct PreScript: Sendable {
    /// What the script decided by the last line that it printed.
    package enum Verdict: Sendable, Equatable {
        /// The agent is woken, with the script's data as JSON text; nil when it gave none.
        case wake(data: String?)
        /// There is nothing to do.
        case quiet
        /// It did not say, and why; the agent is not woken.
        case failed(String)
    }

    /// How long it may take.
    package static let timeout = Duration.seconds(30)
    /// Most bytes of its output.
    package static let outputLimit = 1024 * 1024

    private let services: ToolServices

    /// Scripts of this sandbox.
    package init(_ services: ToolServices) { self.services = services }

    /// Runs it to its end, or to the end of its time; only a cancellation throws.
    package func run(_ script: String) async throws(CancellationError) -> Verdict {
        do {
            return try await verdict(of: script)
        } catch let error as CancellationError {
            throw error
        } catch {
            return .failed("the script could not be run: \(error)")
        }
    }

    private func verdict(of script: String) async throws -> Verdict {
        let (running, output, error) = try await start(script)
        return try await withTaskCancellationHandler {
            async let printed = Self.collect(output, limit: Self.outputLimit) { running.kill(9) }
            async let complaints = Self.collect(error, limit: 64 * 1024) {}
            let isTimedOut = try await expires(running)
            let exit = try await running.exit()
            let (text, isTooLong) = try await printed
            let (complaint, _) = try await complaints
            if isTimedOut { return .failed("the script took longer than \(Self.timeout.components.seconds) s") }
            if isTooLong { return .failed("the script printed more than \(Self.outputLimit) bytes") }
            return Self.verdict(exit, output: text, error: complaint)
        } onCancel: {
            running.kill(9)
        }
    }

    /// Starts it; answers the reading ends of what it prints and of what it complains.
    ///
    /// Our copies of the writing ends are gone on return, so that the pipes end with the script.
    private func start(_ script: String) async throws -> (ToolInitClient.Running, Descriptor, Descriptor) {
        let (output, error) = (try Pipe(), try Pipe())
        try output.read.setNonBlocking()
        try error.read.setNonBlocking()
        let running = try await services.tier.start(
            ToolCommand(
                argv: ["/bin/sh", "-c", script],
                environment: services.places.environment,
                directory: services.places.agent
            ),
            input: try Descriptor.null(),
            output: output.write,
            error: error.write
        )
        return (running, output.read, error.read)
    }

    /// Waits for the end or for the time; at the time the script and all that it has started is ended.
    private func expires(_ running: ToolInitClient.Running) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = try await running.exit()
                return false
            }
            group.addTask {
                try await services.time.sleep(for: Self.timeout)
                running.kill(9)
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// The last bytes of what comes, up to the end of the pipe; true when there was more than the limit.
    private static func collect(
        _ reader: Descriptor,
        limit: Int,
        overflow: () -> Void
    ) async throws -> (text: String, isTooLong: Bool) {
        var bytes: [UInt8] = []
        var isTooLong = false
        while true {
            let next = try await reader.nextBytes()
            if next.isEmpty { return (String(decoding: bytes, as: UTF8.self), isTooLong) }
            bytes += next
            guard bytes.count > limit else { continue }
            bytes.removeFirst(bytes.count - limit)
            if !isTooLong { overflow() }
            isTooLong = true
        }
    }

    /// Reads the decision: the last line that is not empty must be a JSON object with a truth value `wakeAgent`, and may
    /// have `data`.
    static func verdict(_ exit: ToolExit, output: String, error: String) -> Verdict {
        let complaint = lastLine(error).map { ": \($0.prefix(300))" } ?? ""
        switch exit {
        case .code(0): break
        case .code(let code): return .failed("the script ended with exit status \(code)\(complaint)")
        case .signal(let signal): return .failed("the script was ended by signal \(signal)\(complaint)")
        case .lost: return .failed("the tool tier ended while the script ran")
        }
        guard let line = lastLine(output) else { return .failed("the script printed nothing\(complaint)") }
        guard line.utf8.count <= outputLimit, let value = try? JSONValue(parsing: line),
            case .object(let fields) = value,
            case .bool(let wakes)? = fields["wakeAgent"]
        else {
            return .failed(
                "the script's last line is no JSON object with \"wakeAgent\": true or false, but \"\(line.prefix(100))\""
            )
        }
        guard wakes else { return .quiet }
        guard let data = fields["data"], data != .null else { return .wake(data: nil) }
        return .wake(data: try? data.text())
    }

    private static func lastLine(_ text: String) -> String? {
        text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
    }
}
