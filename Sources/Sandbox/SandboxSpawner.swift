import CLinux
package import Core
import Glibc
import LinuxIO
import SandboxWire
import Synchronization

/// Starts sandboxes through `nanoclaw-sandbox serve`, which holds the privilege and the policy: a child of its own, or
/// what a root broker forks for it.
///
/// The child lives as long as ``run()``; when it dies all its sandboxes are dead, and it is started again.
package final class SandboxSpawner: Sendable {
    private enum Link {
        case down
        case up(PacketSocket)
        case ended(SandboxError)
    }
    private struct State {
        var link = Link.down
        var waiters: [Int: CheckedContinuation<PacketSocket, any Error>] = [:]
        var lastWaiter = 0
    }

    private let configuration: SandboxConfiguration
    private let environment: [String]
    private let wrapper: [String]
    private let time: any TimeSource
    private let state = Mutex(State())
    private let watchdog: SandboxWatchdog

    /// `environment`: variables of the child beside its own, `NAME=value`; test builds read NANOCLAW_FAULT there.
    ///
    /// `wrapper`: a command that runs the child, such as setpriv with its options; it must exec in place.
    package init(
        _ configuration: SandboxConfiguration,
        environment: [String] = [],
        wrapper: [String] = [],
        time: any TimeSource = SystemTime()
    ) {
        self.wrapper = wrapper
        self.configuration = configuration
        self.environment = environment
        watchdog = SandboxWatchdog(memoryOfAll: configuration.memoryOfAll)
        self.time = time
    }

    // MARK: - The child

    /// Keeps the child running until the task is cancelled; then every sandbox is ended before it returns.
    ///
    /// Throws when the configuration or the binaries are not as they must be.
    package func run() async throws {
        var delay = Duration.milliseconds(100)
        do {
            // A broker has its own binaries and its own policy.
            if configuration.broker == nil { try configuration.checkBinaries() }
            let message = configuration.broker == nil ? try configuration.message() : []
            while !Task.isCancelled {
                let started = time.monotonic
                do {
                    try await live(message)
                } catch let error as SandboxError where error.code == .configuration {
                    throw error
                } catch is CancellationError {
                    break
                } catch {
                    setLink(.down)
                    // Who waits is told why; the next one may meet a child that lives.
                    fail(error as? SandboxError ?? SandboxError(.spawner, step: "\(error)", errno: 0))
                }
                // One that lived for a while is started again at once.
                delay = time.monotonic - started > .seconds(30) ? .milliseconds(100) : min(delay * 2, .seconds(10))
                try await time.sleep(until: time.monotonic + delay)
            }
        } catch is CancellationError {
        } catch {
            let failure = error as? SandboxError ?? SandboxError(.spawner, step: "\(error)", errno: 0)
            end(failure)
            throw failure
        }
        end(SandboxError(.spawner, step: "the spawner has ended", errno: 0))
    }

    /// One life of the child.
    ///
    /// Its socket is let go of at the end, which is its sign to end its sandboxes.
    private func live(_ message: [UInt8]) async throws {
        let life = try await begin(message)
        let socket = life.socket
        setLink(.up(socket))
        let waiting: Result<Void, any Error>
        do {
            // A child that dies closes its end of the socket.
            try await Readiness.shared.readable(socket.descriptor)
            waiting = .success(())
        } catch {
            waiting = .failure(error)
        }
        setLink(.down)
        await life.end()
        try waiting.get()
    }

    private func begin(_ message: [UInt8]) async throws -> SpawnerLife {
        if let broker = configuration.broker {
            let lane: BrokerLane = configuration.isScratch ? .scratch : .host
            return .broker(try await BrokerConnection.open(broker, home: configuration.home, lane: lane))
        }
        return .child(
            try await SpawnerChild.start(
                binary: "\(configuration.binaries)/nanoclaw-sandbox",
                wrapper: wrapper,
                environment: environment,
                configuration: message
            )
        )
    }

    private func setLink(_ link: Link) {
        let resumed = state.withLock { state -> [CheckedContinuation<PacketSocket, any Error>] in
            if case .ended = state.link { return [] }
            state.link = link
            guard case .up = link else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        guard case .up(let socket) = link else { return }
        for waiter in resumed { waiter.resume(returning: socket) }
    }

    private func end(_ error: SandboxError) {
        state.withLock { $0.link = .ended(error) }
        fail(error)
    }

    private func fail(_ error: SandboxError) {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(throwing: error) }
    }

    /// The child's socket, as soon as there is one.
    private func socket() async throws -> PacketSocket {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Result<PacketSocket, any Error>? in
                    switch state.link {
                    case .up(let socket): return .success(socket)
                    case .ended(let error): return .failure(error)
                    case .down:
                        if Task.isCancelled { return .failure(CancellationError()) }
                        state.waiters[id] = continuation
                        return nil
                    }
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    // MARK: - Spawning

    /// Builds a sandbox and starts its program; returns when both tiers are finished and the program runs.
    ///
    /// Throws `SandboxError` with the step that failed: then nothing is left. Waits while the child is being started.
    package func spawn(_ request: SandboxRequest) async throws -> SandboxProcess {
        let plan = try request.plan()
        let ends = try ask(plan, input: request.input, of: try await socket())
        return try await SandboxProcess.begin(ends, limits: request.limits, watchdog: watchdog)
    }

    /// Sends the plan with the other ends of the session's sockets and pipes; this side keeps none of those, so that
    /// their end is seen.
    private func ask(_ plan: [UInt8], input: Descriptor?, of spawner: PacketSocket) throws -> SandboxProcess.Ends {
        let memory = Descriptor(owning: try Errno.check(clinux_memfd("plan"), "memfd_create"))
        try memory.write(plan)
        try Errno.check(clinux_memfd_seal(memory.number), "seal plan")
        let control = try PacketSocket.pair()
        let bell = try PacketSocket.pair()
        let events = try PacketSocket.pair()
        for own in [bell.0, events.0] { own.refuseDescriptors() }
        let output = try pipe()
        let errorOutput = try pipe()
        let passed =
            [memory, control.1.descriptor, bell.1.descriptor, events.1.descriptor, output.write, errorOutput.write]
            + (input.map { [$0] } ?? [])
        switch try spawner.send([SpawnerRequest.spawn.rawValue], passing: passed) {
        case .sent: break
        case .full: throw SandboxError(.spawner, step: "spawn", errno: EAGAIN, "the spawner does not keep up")
        case .gone: throw SandboxError(.spawner, step: "spawn", errno: EPIPE, "the spawner died; it is started again")
        }
        return SandboxProcess.Ends(
            control: control.0,
            bell: bell.0,
            events: events.0,
            output: output.read,
            errorOutput: errorOutput.read
        )
    }

    private func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    // MARK: - What sandboxes hold

    /// What the sandbox with that PID 1 holds of the home's disk beyond what stands in its folders.
    ///
    /// Nil when it has ended, or the child cannot tell.
    package func holdings(of pid: Int32) async -> SandboxHoldings? {
        guard let answer = try? askHoldings(of: pid), (try? await Readiness.shared.readable(answer.descriptor)) != nil,
            case .message(let bytes, _)? = try? answer.receive(limit: SandboxWire.maximumDatagram),
            let held = try? WireHoldings(decoding: bytes)
        else { return nil }
        return SandboxHoldings(
            nameless: FolderUsage(
                bytes: Int(held.bytes),
                files: Int(held.files),
                recentBytes: Int(held.recentBytes),
                recentFiles: Int(held.recentFiles)
            ),
            writtenBytes: Int(held.written)
        )
    }

    /// Our end of the socket for the answer; theirs is the child's alone, so that it ends with it.
    private func askHoldings(of pid: Int32) throws -> PacketSocket? {
        guard case .up(let spawner) = state.withLock(\.link) else { return nil }
        let (mine, theirs) = try PacketSocket.pair()
        let request = HoldingsRequest(pid: pid).encoded()
        return try spawner.send(request, passing: [theirs.descriptor]) == .sent ? mine : nil
    }

    // MARK: - Probing

    /// Builds a sandbox for nobody, in a fresh folder of the home that is removed again, and tells what the kernel
    /// says of it.
    ///
    /// Needs no database and no group.
    package func probe() async throws -> IsolationReport {
        try await ScratchSession.with(home: configuration.home) { scratch in
            let process = try await spawn(scratch.request(.command(tier: .runner, argv: ["/bin/true"])))
            _ = await process.waitForExit()
            return process.report
        }
    }
}
