import CLinux
import Core
import Glibc
import LinuxIO
import Sandbox
import SessionStore
import Synchronization

@testable import Host

/// What a runner of the tests does.
enum FakeBehaviour: Sendable {
    /// Answers each message with `echo: <text>` in the same chat.
    case echo
    /// Lives and claims, and never answers.
    case hang
    /// As `hang`, and looks at no further message: the files are left to the test, whose process has the same locks.
    case deaf
    /// As `hang`, and only SIGKILL ends it.
    case ignoreTermination
    /// As `hang`, and nothing ends it before this holds.
    case linger(@Sendable () -> Bool)
    /// Reads `inbound.db` and does not let go of it: the host can write nothing there.
    case holdInbound
    /// Ends before it shows any life.
    case dieAtStart
    /// The same, since the disk is full.
    case findNoRoom
    /// Rolls back what a dead runner left in `outbound.db`, and ends.
    case recover
    /// Claims, shows life and ends.
    case dieInTurn
    /// The same, and shows life for the first time in the moment of its death.
    case dieUnheard
    /// Ends every row as failed, for this reason.
    case fail(String)
    /// Writes these rows for each message of a turn that asks for an answer.
    case say(@Sendable (InboundRow) -> [NewOutbound])
    /// Shows these words as it writes them, and once this holds sends them as one message.
    case write([String], then: @Sendable () -> Bool)
}

/// Plays a runner on real session files, with real sockets.
final class FakeRunner: RunningSandbox {
    let pid: Int32
    let startTime: UInt64 = 1
    let bootID = "test"
    let report: IsolationReport
    let bell: PacketSocket
    let events: PacketSocket
    let modelListener: Descriptor
    let toolListener: Descriptor
    let output: Descriptor
    let errorOutput: Descriptor
    let request: SandboxRequest
    private let inner: PacketSocket
    private let innerEvents: PacketSocket
    private let time: any TimeSource
    private let ringsLast: Bool
    private struct State {
        /// Ours of the output's pipes; gone when it ends.
        var pipes: [Descriptor] = []
        var isReady = false
        var seen: [InboundRow] = []
        var exit: SandboxExit?
        var isToEnd: SandboxExit?
        var waiters: [CheckedContinuation<SandboxExit, Never>] = []
    }
    private let state = Mutex(State())

    init(
        _ request: SandboxRequest,
        home: String,
        pid: Int32,
        behaviour: FakeBehaviour,
        time: any TimeSource
    ) throws {
        self.request = request
        self.pid = pid
        ringsLast = if case .dieUnheard = behaviour { true } else { false }
        self.time = time
        report = try JSONText.decode(
            IsolationReport.self,
            #"{"mode":"root","cgroup":"","degraded":[],"processes":[]}"#
        )
        (bell, inner) = try PacketSocket.pair()
        (events, innerEvents) = try PacketSocket.pair()
        (modelListener, toolListener) = (try Self.listener(), try Self.listener())
        let (standard, error) = (try Self.pipe(), try Self.pipe())
        (output, errorOutput) = (standard.output, error.output)
        state.withLock { $0.pipes = [standard.input, error.input] }
        let folder = SessionFolder(path: "\(home)/data/sessions/\(request.agentGroup)/\(request.session)")
        start(folder, behaviour)
    }

    /// What tests start beside it has no part in either end.
    private static func pipe() throws -> (output: Descriptor, input: Descriptor) {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    private static func listener() throws -> Descriptor {
        let kind = [SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC].reduce(0) { $0 | Int32($1.rawValue) }
        let number = socket(AF_INET, kind, 0)
        let listener = Descriptor(owning: try Errno.check(number, "socket"))
        try Errno.check(listen(number, 8) == 0 ? 0 : -errno, "listen")
        return listener
    }

    func waitForExit() async -> SandboxExit {
        let exit = await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
        // So late that nobody who listens has read it when the exit is told.
        if ringsLast { _ = try? inner.send([Bell.alive]) }
        return exit
    }

    /// It has opened its files, holds what it is to hold, and has shown life.
    var isReady: Bool { state.withLock { $0.isReady } }

    /// Every row that it has claimed, in order.
    var seen: [InboundRow] { state.withLock { $0.seen } }

    /// How it ended; nil while it lives.
    var exit: SandboxExit? { state.withLock { $0.exit } }

    /// Sends this as a live event; false when what was sent before has not been read.
    func show(_ bytes: [UInt8]) throws -> Bool { try innerEvents.send(bytes) == .sent }

    func terminate() { state.withLock { $0.isToEnd = $0.isToEnd ?? .code(0) } }
    func kill() { state.withLock { $0.isToEnd = .signal(9) } }

    private func start(_ folder: SessionFolder, _ behaviour: FakeBehaviour) {
        // A thread of its own, as a process would have: SQLite waits on it.
        let run: @Sendable () -> Void = { self.finish(self.live(folder, behaviour)) }
        let box = Unmanaged.passRetained(Box(run))
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private func finish(_ exit: SandboxExit) {
        let waiters = state.withLock { state in
            state.exit = exit
            state.pipes = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    private func live(_ folder: SessionFolder, _ behaviour: FakeBehaviour) -> SandboxExit {
        if case .dieAtStart = behaviour { return .code(70) }
        if case .findNoRoom = behaviour { return .code(RunnerExit.diskFull.rawValue) }
        do {
            if case .recover = behaviour {
                try RunnerSession.recover(outbound: folder.outbound)
                return .code(0)
            }
            let session = try RunnerSession(
                inbound: folder.inbound,
                outbound: folder.outbound,
                state: folder.state,
                incarnation: request.incarnation,
                time: time
            )
            defer { session.close() }
            let lock = try hold(folder, behaviour)
            defer { lock?.close() }
            if case .dieUnheard = behaviour {} else { try inner.send([Bell.alive]) }
            state.withLock { $0.isReady = true }
            while true {
                if let end = state.withLock({ $0.isToEnd }), !ignores(end, behaviour) { return end }
                // Who holds the file does not look either: a look would wait for the host, which waits for it.
                if lock == nil, !isDeaf(behaviour) { try turn(session, behaviour) }
                if case .dieInTurn = behaviour { return .signal(11) }
                if case .dieUnheard = behaviour { return .signal(11) }
                var waiting = pollfd(fd: inner.descriptor.number, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, 5)
                while case .message = try inner.receive(limit: 16) {}
            }
        } catch {
            print("the fake runner failed: \(error)")
            return .code(1)
        }
    }

    private func hold(_ folder: SessionFolder, _ behaviour: FakeBehaviour) throws -> Connection? {
        guard case .holdInbound = behaviour else { return nil }
        let lock = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 5000)
        try lock.execute("BEGIN; SELECT count(*) FROM meta")
        return lock
    }

    private func isDeaf(_ behaviour: FakeBehaviour) -> Bool {
        if case .deaf = behaviour { !seen.isEmpty } else { false }
    }

    private func ignores(_ end: SandboxExit, _ behaviour: FakeBehaviour) -> Bool {
        switch behaviour {
        case .ignoreTermination: end == .code(0)
        case .linger(let mayEnd): !mayEnd()
        default: false
        }
    }

    /// Sends what a runner shows while its model answers.
    private func show(_ words: [String], about row: InboundRow, _ turn: TurnID, _ session: RunnerSession) throws {
        let destinations = try session.readInbound { try session.destinations() }
        let name = destinations.first { $0.target == row.address.map { .chat($0.chat) } }?.name ?? "nowhere"
        var bodies: [LiveEvent.Body] = [.started(messages: [row.id]), .modelCall(provider: "p", model: "m")]
        bodies += words.map { .textChunk(destination: name, text: $0) }
        for (number, body) in bodies.enumerated() {
            try innerEvents.send(Array(try JSONText.data(LiveEvent(turn: turn, number: number, body: body))))
        }
    }

    private func turn(_ session: RunnerSession, _ behaviour: FakeBehaviour) throws {
        let batch = try session.due(limit: 50)
        guard !batch.isEmpty else { return }
        let turn = TurnID.random()
        try session.claim(batch.rows.map(\.id), turn: turn)
        state.withLock { $0.seen += batch.rows }
        var rows: [NewOutbound] = []
        var acks = batch.rows.map { TurnEnd.Outcome($0.id) }
        switch behaviour {
        case .hang, .deaf, .ignoreTermination, .linger, .holdInbound, .dieInTurn, .dieUnheard, .dieAtStart, .findNoRoom,
            .recover:
            return
        case .echo:
            for row in batch.rows where row.trigger {
                guard case .chat(let chat) = row.content else { continue }
                rows.append(
                    NewOutbound(
                        content: .chat(OutboundChat(text: "echo: \(chat.text)")),
                        address: row.address,
                        inReplyTo: row.id,
                        turn: turn
                    )
                )
            }
        case .write(let words, let mayEnd):
            guard let row = batch.rows.first(where: \.trigger) else { return }
            try show(words, about: row, turn, session)
            while !mayEnd() {
                // It is stopped.
                if state.withLock({ $0.isToEnd }) != nil { return }
                usleep(2000)
            }
            rows = [
                NewOutbound(
                    content: .chat(OutboundChat(text: words.joined())),
                    address: row.address,
                    inReplyTo: row.id,
                    turn: turn
                )
            ]
        case .fail(let reason): acks = batch.rows.map { TurnEnd.Outcome($0.id, .failed, detail: reason) }
        case .say(let make):
            let triggers = batch.rows.filter(\.trigger)
            rows = (triggers.isEmpty ? [batch.rows[0]] : triggers).flatMap(make).map { row in
                var row = row
                row.turn = turn
                return row
            }
        }
        _ = try session.commit(TurnEnd(turn: turn, rows: rows, acks: acks))
        try inner.send([Bell.look])
    }
}

/// Spawns fake runners; what each does is decided by the closure.
final class FakeSpawner: SandboxSpawning {
    private let home: String
    private let time: any TimeSource
    private let behaviour: @Sendable (SandboxRequest) throws -> FakeBehaviour
    private let made = Mutex<[FakeRunner]>([])

    init(
        home: String,
        time: any TimeSource,
        _ behaviour: @escaping @Sendable (SandboxRequest) throws -> FakeBehaviour
    ) {
        self.home = home
        self.time = time
        self.behaviour = behaviour
    }

    var runners: [FakeRunner] { made.withLock { $0 } }

    func start(_ request: SandboxRequest) async throws -> any RunningSandbox {
        let runner = try FakeRunner(
            request,
            home: home,
            pid: 1_000_000_000 + Int32(runners.count),
            behaviour: try behaviour(request),
            time: time
        )
        made.withLock { $0.append(runner) }
        return runner
    }

    func holdings(of pid: Int32) async -> SandboxHoldings? { nil }

    func run() async throws {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
