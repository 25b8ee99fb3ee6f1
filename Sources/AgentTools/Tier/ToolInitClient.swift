import CLinux
package import LinuxIO
import SandboxWire
import Synchronization

/// How a call of the tool tier ended.
package enum ToolExit: Sendable, Equatable {
    case code(Int32)
    case signal(Int32)
    /// The tool init is gone, and with it everything it had started.
    case lost
}

/// What to start in the tool tier.
package struct ToolCommand: Sendable {
    /// The program by its path, then its arguments.
    package var argv: [String]
    package var environment: [(String, String)]
    /// Absolute.
    package var directory: String
    /// Whether the call goes on after its first process has ended.
    package var background: Bool

    /// A command; nothing of the caller's own environment is added.
    package init(argv: [String], environment: [(String, String)], directory: String, background: Bool = false) {
        self.argv = argv
        self.environment = environment
        self.directory = directory
        self.background = background
    }
}

/// Starts processes in the tool tier, through the tool init at the other end of a socket.
package final class ToolInitClient: Sendable {
    private struct Call {
        let started = OneShot<Result<Int32, ToolFailure>>()
        let exit = OneShot<ToolExit>()
    }
    private struct State {
        var next: UInt32 = 1
        var calls: [UInt32: Call] = [:]
        var isGone = false
    }

    private let socket: PacketSocket
    private let state = Mutex(State())

    /// A client of the tool init behind this socket; ``run()`` must run for calls to end.
    package init(_ socket: PacketSocket) { self.socket = socket }

    /// Takes the tool init's answers until it is gone or the task is cancelled; then every call is over.
    package func run() async {
        defer { lose() }
        while !Task.isCancelled {
            do {
                try await Readiness.shared.readable(socket.descriptor)
                receive: while true {
                    switch try socket.receive(limit: SandboxWire.maximumDatagram) {
                    case .message(let bytes, _): take(try ToolEvent(decoding: bytes))
                    case .empty: break receive
                    case .gone: return
                    }
                }
            } catch is WireError {
                // An answer that we cannot read ends no call; the next one may be sound.
                continue
            } catch {
                return
            }
        }
    }

    /// A call that is under way.
    package struct Running: Sendable {
        /// The call's number on the wire.
        package let call: UInt32
        private let client: ToolInitClient
        private let over: OneShot<ToolExit>

        fileprivate init(_ call: UInt32, _ client: ToolInitClient, _ over: OneShot<ToolExit>) {
            self.call = call
            self.client = client
            self.over = over
        }

        /// Waits for the end; throws `CancellationError` when the waiting task is cancelled, the call goes on then.
        package func exit() async throws -> ToolExit { try await over.get() }

        /// How it ended, if it has.
        package var ended: ToolExit? { over.current }

        /// Sends a signal to everything of the call; 9 ends it.
        package func kill(_ signal: Int32) { try? client.send(.kill(call: call, signal: signal)) }
    }

    /// Starts a command with these three descriptors as its own; returns once it runs.
    package func start(
        _ command: ToolCommand,
        input: Descriptor,
        output: Descriptor,
        error: Descriptor
    ) async throws -> Running {
        let (number, call) = try state.withLock { state -> (UInt32, Call) in
            guard !state.isGone else { throw ToolFailure("the tool tier of this sandbox has ended") }
            let call = Call()
            defer { state.next += 1 }
            state.calls[state.next] = call
            return (state.next, call)
        }
        let request = ToolRequest.start(
            call: number,
            argv: command.argv,
            environment: command.environment,
            directory: command.directory,
            background: command.background
        )
        do {
            try send(request, passing: [input, output, error])
        } catch {
            state.withLock { _ = $0.calls.removeValue(forKey: number) }
            throw error
        }
        let running = Running(number, self, call.exit)
        do {
            _ = try await call.started.get().get()
        } catch let error as CancellationError {
            running.kill(9)
            throw error
        }
        return running
    }

    private func send(_ request: ToolRequest, passing descriptors: [Descriptor] = []) throws {
        let bytes = request.encoded()
        guard bytes.count <= SandboxWire.maximumDatagram else {
            throw ToolFailure(
                "the command has \(bytes.count) bytes; \(SandboxWire.maximumDatagram) at most: use a file"
            )
        }
        switch try socket.send(bytes, passing: descriptors) {
        case .sent: return
        case .full: throw ToolFailure("the tool tier takes no more calls at the moment; try again")
        case .gone: throw ToolFailure("the tool tier of this sandbox has ended")
        }
    }

    private func take(_ event: ToolEvent) {
        switch event {
        case .started(let number, let pid):
            state.withLock { $0.calls[number] }?.started.fulfil(.success(pid))
        case .failed(let number, let step, let code):
            let call = state.withLock { $0.calls.removeValue(forKey: number) }
            call?.started.fulfil(.failure(ToolFailure("the command did not start: \(Errno(code, step))")))
            call?.exit.fulfil(.lost)
        case .exited(let number, let code, let signal):
            let call = state.withLock { $0.calls.removeValue(forKey: number) }
            call?.started.fulfil(.success(0))
            call?.exit.fulfil(signal == 0 ? .code(code) : .signal(signal))
        }
    }

    private func lose() {
        let calls = state.withLock { state in
            state.isGone = true
            defer { state.calls = [:] }
            return state.calls.values.map(\.self)
        }
        for call in calls {
            call.started.fulfil(.failure(ToolFailure("the tool tier of this sandbox has ended")))
            call.exit.fulfil(.lost)
        }
    }
}
