import ControlProtocol
import Core
import Logging
import Synchronization

/// One client: its lines in, its requests side by side, and what ends it when it does nothing.
struct ControlClientLoop: Sendable {
    let connection: ControlConnection
    let caller: UserID
    let authority: ControlAuthority
    let commands: ControlCommands
    let limits: ControlSocket.Limits
    let time: any TimeSource
    let logger: Logger

    /// Serves the client until it leaves, breaks the protocol or waits too long.
    func run() async throws {
        let watch = ClientWatch(limits: limits, now: time.monotonic)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.guardTime(watch) }
            group.addTask {
                try await self.readLines(watch)
                throw ClientLeft()
            }
            // The first to end ends the other: cancelled requests stop their streams.
            do {
                try await group.next()
            } catch is ClientLeft {}
            group.cancelAll()
            connection.shutDown()
        }
    }

    private struct ClientLeft: Error {}

    private func readLines(_ watch: ClientWatch) async throws {
        // Discarding: a client may stay for months, and a group keeps every ended task that nobody asks for.
        try await withThrowingDiscardingTaskGroup { requests in
            var splitter = LineSplitter()
            while true {
                let bytes = try await connection.read()
                guard !bytes.isEmpty else { break }
                let lines: [[UInt8]]
                do throws(ControlError) {
                    lines = try splitter.append(bytes)
                } catch {
                    try await send(ControlReply(id: ControlProtocol.unknownID, .failure(error)), watch)
                    break
                }
                watch.read(isMidLine: splitter.isMidLine, now: time.monotonic)
                for line in lines {
                    switch ControlRequest.read(line) {
                    case .failure(let refusal):
                        let error = ControlError(.badFrame, refusal.reason)
                        try await send(ControlReply(id: refusal.id, .failure(error)), watch)
                    case .success(let request):
                        guard watch.begin(limits.requests) else {
                            let error = ControlError(.busy, "\(limits.requests) requests are open on this connection")
                            try await send(ControlReply(id: request.id, .failure(error)), watch)
                            continue
                        }
                        // An answer that cannot be written is seen by the reading.
                        requests.addTask { try? await self.answer(request, watch) }
                    }
                }
            }
            requests.cancelAll()
        }
    }

    private func answer(_ request: ControlRequest, _ watch: ClientWatch) async throws {
        defer { watch.end(now: time.monotonic) }
        let call = ControlCall(caller: caller, authority: authority, request: request) { event in
            try await self.send(watch, id: request.id) { try ControlReply.eventLine(id: request.id, event) }
        }
        let body: ControlReply.Body
        do {
            body = .result(try await commands.run(call))
        } catch is CancellationError {
            return
        } catch {
            body = .failure(ControlFailure.describe(error))
        }
        try await send(ControlReply(id: request.id, body), watch)
    }

    private func send(_ reply: ControlReply, _ watch: ClientWatch) async throws {
        try await send(watch, id: reply.id) { try reply.line() }
    }

    /// Sends a line; one that is too long goes as the error that says so.
    private func send(_ watch: ClientWatch, id: String, _ code: () throws -> [UInt8]) async throws {
        let line: [UInt8]
        do {
            line = try code()
        } catch let error as ControlError {
            line = try ControlReply(id: id, .failure(error)).line()
        }
        let token = watch.beginWrite(now: time.monotonic)
        defer { watch.endWrite(token, now: time.monotonic) }
        try await connection.write(line)
    }

    /// Ends the connection when a deadline of the client has passed.
    private func guardTime(_ watch: ClientWatch) async throws {
        while true {
            let deadline = watch.deadline
            guard time.monotonic < deadline else { return }
            try await time.sleep(until: min(deadline, time.monotonic + .seconds(1)))
        }
    }
}

/// When a client has to have done something.
final class ClientWatch: Sendable {
    private struct State {
        var hasAsked = false
        var openRequests = 0
        var lastActivity: Duration
        var lineStart: Duration?
        var nextWrite = 0
        var writes: [Int: Duration] = [:]
    }

    private let limits: ControlSocket.Limits
    private let state: Mutex<State>

    init(limits: ControlSocket.Limits, now: Duration) {
        self.limits = limits
        state = Mutex(State(lastActivity: now))
    }

    /// The next point at which the client is cut off if nothing happens; moves with everything it does.
    var deadline: Duration {
        state.withLock { state in
            var deadline = state.lastActivity + (state.hasAsked ? limits.idle : limits.firstRequest)
            if state.openRequests > 0 { deadline = .seconds(Int64.max / 4) }
            if let start = state.lineStart { deadline = min(deadline, start + limits.firstRequest) }
            if let start = state.writes.values.min() { deadline = min(deadline, start + limits.write) }
            return deadline
        }
    }

    func read(isMidLine: Bool, now: Duration) {
        state.withLock { state in
            state.lineStart = isMidLine ? state.lineStart ?? now : nil
        }
    }

    /// A request opens; false when as many as may are open.
    func begin(_ limit: Int) -> Bool {
        state.withLock { state in
            guard state.openRequests < limit else { return false }
            state.hasAsked = true
            state.openRequests += 1
            return true
        }
    }

    func end(now: Duration) {
        state.withLock { state in
            state.openRequests -= 1
            state.lastActivity = now
        }
    }

    func beginWrite(now: Duration) -> Int {
        state.withLock { state in
            state.nextWrite += 1
            state.writes[state.nextWrite] = now
            return state.nextWrite
        }
    }

    func endWrite(_ token: Int, now: Duration) {
        state.withLock { state in
            state.writes[token] = nil
            // Lines that waited behind this one get their own time.
            for waiting in state.writes.keys { state.writes[waiting] = now }
        }
    }
}

/// How many clients are connected.
final class OpenConnections: Sendable {
    private let count = Mutex(0)

    func enter(_ limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
