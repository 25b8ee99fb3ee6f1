import AgentTools
import Core
import Glibc
import LinuxIO
import ModelProviders
import Prompting
import SessionStore

/// The loop of one session: waits for the bell, takes what is due, makes turns of it.
///
/// Everything of it runs on one thread of its own, the session's databases and its ticks included, so that a runner that
/// hangs is seen to hang.
package actor Runner {
    private let thread: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let settings: RunnerSettings
    let time: any TimeSource
    let session: RunnerSession
    let live: LiveSender

    private var signal = WakeSignal()
    private var end: RunnerEnd?
    private var work: Task<Void, any Error>?
    private var pulses = 0
    private var lastActive: Duration

    /// The turn that is under way, for the tools that speak in it.
    var current: Turn?
    /// The newest row of each chat so far.
    var seen: [InboundRow] = []
    var memory: Memory?
    var scripts: PreScript?
    var commands: ShellRun?
    var provider: (profile: AgentConfiguration.Provider, value: any ModelProvider)?
    var toolCallNumber = 0
    /// Requests to the host whose answers somebody waits for.
    var awaited: [MessageID: AsyncStream<Void>.Continuation] = [:]

    /// The history of one provider, and where it is kept.
    struct Memory {
        let provider: String
        var history: History
        var transcript: Transcript
    }

    /// Opens the session; throws what stands in the way.
    package init(_ settings: RunnerSettings) throws {
        self.settings = settings
        thread = try ThreadExecutor()
        time = settings.time
        live = LiveSender(settings.live)
        lastActive = settings.time.monotonic
        session = try RunnerSession(
            inbound: settings.inbound,
            outbound: settings.outbound,
            state: settings.state,
            incarnation: settings.incarnation,
            time: settings.time
        )
    }

    /// Runs until there is nothing left to do, or nobody to do it for.
    package func run() async throws -> RunnerEnd {
        let tier = ToolInitClient(settings.toolInit)
        let server = ToolServerClient(tier: tier, places: settings.toolPlaces, time: time)
        let services = ToolServices(
            tier: tier,
            server: server,
            conversation: self,
            places: settings.toolPlaces,
            time: time
        )
        let toolbox = Toolbox.standard(services)
        scripts = PreScript(services)
        commands = ShellRun(services)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await tier.run()
                if !Task.isCancelled { await self.endAfterTurn(.toolsGone) }
            }
            if let listener = settings.commandLine {
                let calls = CommandLineServer(listener: listener, time: time) { try await self.call($0) }
                group.addTask { await calls.run() }
            }
            group.addTask { try await self.listen() }
            group.addTask { try await self.beat() }
            defer { group.cancelAll() }
            let end = try await loop(toolbox)
            RunnerLog.write("ends: \(end)")
            return end
        }
    }

    /// Asks the loop to end, in the middle of a turn too; what the turn has not committed is repeated by the next
    /// incarnation.
    package func stop(_ reason: RunnerEnd = .terminated) {
        if end == nil { end = reason }
        work?.cancel()
        signal.set()
    }

    /// Ends the loop once the turn that is under way, if any, has ended by itself.
    private func endAfterTurn(_ reason: RunnerEnd) {
        if end == nil { end = reason }
        signal.set()
    }

    // MARK: - The loop

    private func loop(_ toolbox: Toolbox) async throws -> RunnerEnd {
        crashPoint("runner.opened")
        tick()
        try? session.touchHeartbeat()
        while true {
            signal.clear()
            if let end { return end }
            do {
                let look = try session.readInbound { () -> (AgentConfiguration, DueBatch)? in
                    guard try session.currentIncarnation() <= settings.incarnation else { return nil }
                    let configuration = try session.configuration()
                    return (configuration, try due(configuration.limits))
                }
                guard let (configuration, batch) = look else { return .superseded }
                if !batch.isEmpty { crashPoint("runner.due") }
                if !batch.isEmpty, try await handle(batch, configuration, toolbox) {
                    lastActive = time.monotonic
                    continue
                }
                if time.monotonic - lastActive >= .seconds(configuration.limits.idleSeconds) { return .idle }
            } catch is CancellationError {
                continue
            } catch  where Self.mayPass(error) {
                // The rows stay due; the next beat tries again.
                RunnerLog.write("\(error)")
            }
            await withCheckedContinuation { signal.wait($0) }
        }
    }

    /// Does what is due; false when none of it starts anything.
    private func handle(
        _ batch: DueBatch,
        _ configuration: AgentConfiguration,
        _ toolbox: Toolbox
    ) async throws -> Bool {
        if !batch.unreadable.isEmpty {
            let acks = batch.unreadable.map { TurnEnd.Outcome($0.id, .failed, detail: $0.reason) }
            try session.commit(TurnEnd(turn: .random(), acks: acks))
        }
        switch BatchRule.select(batch.rows, mode: configuration.queueMode) {
        case nil: return !batch.unreadable.isEmpty
        case .clear(let row): try clear(row, configuration)
        case .turn(let rows):
            // What a fresh turn leaves out is not over.
            let passedOver = rows.first.map(BatchRule.isFresh) == true ? [] : batch.passedOver
            guard passedOver.count <= SessionLimits.acksPerCommit else {
                let acks = passedOver.prefix(SessionLimits.acksPerCommit).map { TurnEnd.Outcome($0) }
                try session.commit(TurnEnd(turn: .random(), acks: acks))
                ring()
                // Between many slices the host is to hear that it lives.
                await Task.yield()
                return true
            }
            let work = Task {
                try await self.turn(rows, passedOver: passedOver, configuration, toolbox)
            }
            self.work = work
            defer {
                self.work = nil
                current = nil
            }
            try await work.value
        }
        return true
    }

    static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case let error as StoreError:
            [.busy, .diskFull, .inputOutput, .fileFull, .queueFull].contains(error.code)
        case let error as Errno: [ENOSPC, EDQUOT, EIO].contains(error.code)
        default: false
        }
    }

    // MARK: - Bell and beats

    /// Waits on the bell; bytes of any kind wake the loop, the end of the socket ends it.
    private func listen() async throws {
        let bell = settings.bell
        while true {
            try await Readiness.shared.readable(bell.descriptor)
            receive: while true {
                switch try bell.receive(limit: 64) {
                case .message: continue
                case .empty: break receive
                case .gone: return stop(.hostGone)
                }
            }
            signal.set()
            lookForAnswers()
        }
    }

    /// Once a second the net of the bell, every 2 s a tick, every 30 s the heartbeat.
    private nonisolated func beat() async throws {
        var next = time.monotonic
        while true {
            next += .seconds(1)
            try await time.sleep(until: next)
            next = max(next, time.monotonic - .seconds(1))
            await pulse()
        }
    }

    private func pulse() {
        pulses += 1
        if pulses.isMultiple(of: 2) { tick() }
        if pulses.isMultiple(of: 30) { try? session.touchHeartbeat() }
        signal.set()
        lookForAnswers()
        // Not waited for: a full session may hold the notice up, and the ticks go on.
        if current?.wait != nil { Task { try await tellWait() } }
    }

    private func tick() { _ = try? settings.bell.send([2]) }

    /// Tells the host that rows are there.
    func ring() { _ = try? settings.bell.send([1]) }
}
