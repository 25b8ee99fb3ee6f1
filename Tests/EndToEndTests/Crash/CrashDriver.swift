import Core
import Foundation
import LinuxIO
import Synchronization
import TestSupport
import Testing

/// Drives a host with fault points: writes to it, lets it die, starts it again, and keeps the books outside of it.
final class CrashDriver: Sendable {
    /// Where `crash-host` stands beside launcher and runner with fault points.
    static var binaries: String {
        ProcessInfo.processInfo.environment["NANOCLAW_DIST_FAULTS"]
            ?? Release.checkout.appending(path: ".build-dist-faults").path
    }

    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: "\(binaries)/crash-host") }

    private struct State {
        var ledger = CrashLedger()
        var host: CrashHostProcess?
        var lives = 0
        var refusals = 0
        var isStopping = false
        var lastID = 0
        var lastFile = 0
        var lastThread = 0
        /// Where something was written since the last look at what came of it.
        var touched: Set<ChatAddress> = []
    }

    let home: String
    private let environment: [String: String]
    private let state = Mutex(State())

    private init(home: String, environment: [String: String]) {
        self.home = home
        self.environment = [
            "NANOCLAW_CRASH": "\(home)/crash", "NANOCLAW_CRASH_SANDBOX": "\(home)/crash-sandbox",
        ].merging(environment) { _, new in new }
    }

    /// Runs the body beside a host on a fresh home that is started again whenever it dies.
    static func with<Result>(
        environment: [String: String] = [:],
        _ body: (CrashDriver) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            // Runners end soon, so that each cycle also starts, settles and clears.
            try "idleSeconds: 2\nmaxRunners: 64\nlog:\n  level: info\nagents:\n  hops: 2\n  messagesPerMinute: 10000\n"
                .write(toFile: "\(home)/config.yaml", atomically: true, encoding: .utf8)
            let driver = CrashDriver(home: home, environment: environment)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await driver.keepHostRunning() }
                defer { group.cancelAll() }
                do {
                    try await driver.prepare()
                    let result = try await body(driver)
                    await driver.stop()
                    return result
                } catch {
                    await driver.stop()
                    throw error
                }
            }
        }
    }

    // MARK: - The host's lives

    private func keepHostRunning() async throws {
        while !state.withLock({ $0.isStopping }) {
            let host = try CrashHostProcess(
                home: home,
                binaries: Self.binaries,
                environment: environment,
                log: "\(home)/../host.log"
            )
            state.withLock { state in
                state.host = host
                state.lives += 1
            }
            for line in state.withLock({ $0.ledger.unaccepted }) { tell(line) }
            let reading = Task { await read(host) }
            let status = await host.waitForEnd()
            reading.cancel()
            await reading.value
            let isExpected = state.withLock { $0.isStopping } || status == 128 + SIGKILL
            if !isExpected {
                let log = (try? String(contentsOfFile: "\(home)/../host.log", encoding: .utf8)) ?? ""
                Issue.record("the host ended by itself with \(status): \(log.suffix(2000))")
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func read(_ host: CrashHostProcess) async {
        while (try? await Readiness.shared.readable(host.socket.descriptor)) != nil {
            receive: while true {
                switch try? host.socket.receive(limit: LedgerLine.limit) {
                case .message(let bytes, _):
                    guard let line = try? JSONText.decode(LedgerLine.self, bytes) else { continue }
                    take(line, from: host)
                case .empty: break receive
                case .gone, nil: return
                }
            }
        }
    }

    private func take(_ line: LedgerLine, from host: CrashHostProcess) {
        let now = ContinuousClock.now
        switch line.kind {
        case .accepted: state.withLock { $0.ledger.accept(line.id, at: now) }
        case .refused:
            state.withLock { $0.refusals += 1 }
            // As a platform would: once more, later.
            Task {
                try await Task.sleep(for: .milliseconds(200))
                self.tell(LedgerLine(.event, id: line.id, address: line.address))
            }
        case .send:
            state.withLock { $0.ledger.record(line, at: now) }
            guard let bytes = try? JSONText.data(LedgerLine(.sent, id: line.id, address: line.address)) else { return }
            _ = try? host.socket.send(Array(bytes))
        case .event, .sent: return
        }
    }

    private func tell(_ line: LedgerLine) {
        let (host, whole) = state.withLock { ($0.host, $0.ledger.events[line.id]?.line ?? line) }
        guard let host, let bytes = try? JSONText.data(whole) else { return }
        _ = try? host.socket.send(Array(bytes))
    }

    private func stop() async {
        let host = state.withLock { state in
            state.isStopping = true
            return state.host
        }
        host?.signal(SIGTERM)
        for _ in 0..<250 where kill(host?.pid ?? 0, 0) == 0 { try? await Task.sleep(for: .milliseconds(100)) }
        host?.signal(SIGKILL)
    }

    /// Ann, who writes, owns the host; both channels lead to its agent.
    private func prepare() async throws {
        try await eventually(within: 30, "the host accepts messages") { try await verb("status").status == 0 }
        for words in [
            ["roles", "grant", "--user", "ledger:ann", "--role", "owner"],
            ["roles", "grant", "--user", "keyed:ann", "--role", "owner"],
            ["wirings", "create", "--group", "main", "--channel", "ledger", "--engage", "pattern", "--pattern", "."],
            ["wirings", "create", "--group", "main", "--channel", "keyed", "--engage", "pattern", "--pattern", "."],
        ] {
            let answer = try await verb(words)
            try #require(answer.status == 0, "\(words): \(answer)")
        }
        // The files that agents will be asked to send, one for each event there may be.
        write(
            to: Self.keyedChat("prepare"),
            text: "run i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo a note > \(CrashLedger.token("f$i")).txt; done; "
        )
        try await waitForAnswers(within: 30, "the files are made")
    }

    func verb(_ words: String...) async throws -> Finished { try await verb(words) }

    func verb(_ words: [String]) async throws -> Finished {
        try await run(Release.nanoclaw.path, ["--home", home] + words)
    }

    // MARK: - What a test does

    var lives: Int { state.withLock { $0.lives } }
    /// How often the host has refused an event.
    var refusals: Int { state.withLock { $0.refusals } }
    var hostProcess: Int32 { state.withLock { $0.host?.pid ?? 0 } }
    var ledger: CrashLedger { state.withLock { $0.ledger } }

    /// A thread that no session has yet.
    func freshThread() -> ChatAddress {
        let number = state.withLock { state in
            state.lastThread += 1
            return state.lastThread
        }
        return ChatAddress(channel: "ledger", platformID: "ledger:a:room", thread: "t\(number)")
    }

    static func keyedChat(_ name: String) -> ChatAddress {
        ChatAddress(channel: "keyed", platformID: "keyed:a:\(name)")
    }

    /// Writes a message whose answer can be told from all others, after so many seconds of work.
    @discardableResult
    func write(to address: ChatAddress, file: String? = nil, seconds: Double = 0) -> String {
        write(to: address, text: seconds > 0 ? "run sleep \(seconds); " : "run ", file: file)
    }

    /// Asks for a file: the agent sends it in the middle of its turn, and then answers.
    func askForFile(in address: ChatAddress) { write(to: address, text: nil) }

    @discardableResult
    func write(to address: ChatAddress, text: String?, file: String? = nil, as sender: String? = nil) -> String {
        let id = state.withLock { state in
            state.touched.insert(address)
            if text == nil {
                state.lastFile += 1
                return "f\(state.lastFile)"
            }
            state.lastID += 1
            return "e\(state.lastID)"
        }
        let token = CrashLedger.token(id)
        let line = LedgerLine(
            .event,
            id: id,
            address: address,
            text: text.map { "\($0)echo \(token)" } ?? "send \(token).txt",
            file: file,
            sender: sender
        )
        state.withLock { $0.ledger.offer(line) }
        tell(line)
        return id
    }

    /// Says something that no agent hears, the answer to a card.
    func say(_ text: String, in address: ChatAddress) {
        let line = state.withLock { state in
            state.lastID += 1
            let line = LedgerLine(.event, id: "e\(state.lastID)", address: address, text: text)
            state.ledger.offer(line, wantsAnswer: false)
            return line
        }
        tell(line)
    }

    /// The next time that the host comes to this point it dies there.
    func arm(_ points: String...) throws {
        try points.joined(separator: "\n").write(toFile: "\(home)/crash", atomically: true, encoding: .utf8)
    }

    /// True until the host has died at the last armed point.
    var isArmed: Bool { FileManager.default.fileExists(atPath: "\(home)/crash") }

    func killHost() { state.withLock { $0.host }?.signal(SIGKILL) }

    /// Returns once every event is accepted and answered; fails the test when that takes longer.
    func waitForAnswers(within seconds: Double, _ what: String) async throws {
        try await eventually(within: seconds, "\(what): everything is answered") { self.ledger.open.isEmpty }
        let open = ledger.open
        #expect(open.isEmpty, "\(what): without an answer: \(open)")
    }

    /// Returns once everything is answered and no session is marked as having work, and none again after one more message to
    /// every conversation that was written to since the last call: a recovery has left none stuck.
    ///
    /// Each may take one sweep, not two: the deadline is of the caller.
    func comeToRest(within seconds: Double, _ what: String) async throws {
        try await waitForAnswers(within: seconds, what)
        // Before anything is written: the next message would take along what was left.
        try await waitForNoMarks(within: seconds, "\(what), before the next message")
        try await writeOnceMore(within: seconds, what)
        try await waitForNoMarks(within: seconds, what)
    }

    private func waitForNoMarks(within seconds: Double, _ what: String) async throws {
        try await eventually(within: seconds, "\(what): no session is marked") {
            try await sql("\(home)/data/nanoclaw.db", "SELECT 1 FROM dirty").isEmpty
        }
        let marked = try await sql("\(home)/data/nanoclaw.db", "SELECT session_id || ' ' || reason FROM dirty")
        #expect(marked.isEmpty, "\(what): still marked: \(marked)")
    }

    /// Writes once more to every conversation that was written to since the last call and returns once that is answered.
    func writeOnceMore(within seconds: Double, _ what: String) async throws {
        let touched = state.withLock { $0.touched }
        for address in touched { write(to: address) }
        try await waitForAnswers(within: seconds, "\(what), once more")
        state.withLock { $0.touched = [] }
    }

    /// The session's runner dies at these points, one after the other.
    func armRunner(of address: ChatAddress, _ points: String...) async throws {
        let path = try await sessionFolder(address) + "/state"
        var status = stat()
        guard stat(path, &status) == 0 else { throw Errno.last("stat \(path)") }
        let file = path + "/.crash"
        try points.joined(separator: "\n").write(toFile: file + ".new", atomically: false, encoding: .utf8)
        chown(file + ".new", status.st_uid, status.st_gid)
        rename(file + ".new", file)
    }

    func isRunnerArmed(of address: ChatAddress) async throws -> Bool {
        FileManager.default.fileExists(atPath: try await sessionFolder(address) + "/state/.crash")
    }
}
