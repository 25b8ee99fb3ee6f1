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
        var isStopping = false
        var lastID = 0
        var lastThread = 0
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
            text: "run i=0; while [ $i -lt 8000 ]; do i=$((i+1)); echo a note > \(CrashLedger.token("e$i")).txt; done; "
        )
        try await waitForAnswers(within: 30, "the files are made")
    }

    func verb(_ words: String...) async throws -> Finished { try await verb(words) }

    private func verb(_ words: [String]) async throws -> Finished {
        try await run(Release.nanoclaw.path, ["--home", home] + words)
    }

    // MARK: - What a test does

    var lives: Int { state.withLock { $0.lives } }
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
    private func write(to address: ChatAddress, text: String?, file: String? = nil) -> String {
        let id = state.withLock { state in
            state.lastID += 1
            return "e\(state.lastID)"
        }
        let token = CrashLedger.token(id)
        let line = LedgerLine(
            .event,
            id: id,
            address: address,
            text: text.map { "\($0)echo \(token)" } ?? "send \(token).txt",
            file: file
        )
        state.withLock { $0.ledger.offer(line) }
        tell(line)
        return id
    }

    /// Another agent, which the first one knows as `helper`; the chat is `back` to the first.
    func addHelper(answeringIn chat: ChatAddress) async throws {
        for words in [
            ["groups", "create", "Helper"],
            ["destinations", "add", "--group", "main", "--name", "helper", "--agent", "helper"],
            ["destinations", "add", "--group", "helper", "--name", "parent", "--agent", "main"],
            ["destinations", "add", "--group", "main", "--name", "back", "--chat", "\(chat)"],
        ] {
            let answer = try await verb(words)
            try #require(answer.status == 0, "\(words): \(answer)")
        }
    }

    /// Lets the agent ask the helper for a command that the agent then carries out: it answers in the chat.
    func askHelper(in address: ChatAddress) {
        write(to: address, text: "tell helper run echo tell back ")
    }

    /// How often each message that was accepted between agents stands where it went.
    func acceptedBetweenAgents() async throws -> [String: Int] {
        let central = "\(home)/data/nanoclaw.db"
        let rows = try await sql(
            central,
            "SELECT message_id || ' ' || target_group_id || '/' || target_session_id FROM agent_messages"
        )
        var counts: [String: Int] = [:]
        for row in rows {
            let parts = row.split(separator: " ").map(String.init)
            let found = try await sql(
                "\(home)/data/sessions/\(parts[1])/inbound/inbound.db",
                "SELECT count(*) FROM messages_in WHERE platform_message_id = '\(parts[0])'"
            )
            counts[row] = found.first.flatMap { Int($0) } ?? 0
        }
        return counts
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

    /// Reads with sqlite3, from outside: the lines of the answer.
    func sql(_ database: String, _ query: String) async throws -> [String] {
        let answer = try await run("/usr/bin/sqlite3", ["-readonly", "-cmd", ".timeout 5000", database, query])
        return answer.output.split(separator: "\n").map(String.init)
    }

    /// Makes all that a chat's session has very old.
    func age(_ address: ChatAddress) async throws {
        let folder = try await sessionFolder(address)
        let session = folder.split(separator: "/").last ?? ""
        for (database, change) in [
            (
                "\(folder)/inbound/inbound.db",
                "UPDATE messages_in SET received_at = 1, ended_at = 1; UPDATE deliveries SET updated_at = 1"
            ),
            (
                "\(home)/data/nanoclaw.db",
                "UPDATE sessions SET last_active = 1, retention_due_at = 0 WHERE id = '\(session)'"
            ),
        ] {
            let answer = try await run("/usr/bin/sqlite3", ["-cmd", ".timeout 5000", database, change])
            try #require(answer.status == 0, "\(answer)")
        }
    }

    /// Folder of the session of a chat, made by the host already.
    func sessionFolder(_ address: ChatAddress) async throws -> String {
        let thread = address.thread.map { "= '\($0)'" } ?? "IS NULL"
        let found = try await sql(
            "\(home)/data/nanoclaw.db",
            """
            SELECT s.agent_group_id || '/' || s.id FROM sessions s JOIN messaging_groups m ON m.id = s.messaging_group_id
            WHERE m.platform_id = '\(address.platformID)' AND s.thread_id \(thread)
            """
        )
        return "\(home)/data/sessions/\(try #require(found.first))"
    }

    /// How often the agent of this session was told that.
    func transcripts(_ session: String, with text: String) async throws -> Int {
        let found = try await run("/bin/grep", ["-rhoF", text, "\(session)/state/transcripts"])
        return found.output.split(separator: "\n").count
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

    /// The books: every accepted event was answered once, or twice with the second marked as of unknown outcome, and no
    /// session is set aside.
    ///
    /// Answers what is wrong, and how many events were answered twice with a mark.
    func books() async throws -> (problems: [String], repeated: Int) {
        var problems: [String] = []
        var repeated = 0
        for (id, count) in ledger.notOnce.sorted(by: { $0.key < $1.key }) {
            if count == 2, try await isMarkedUnknown(id) {
                repeated += 1
            } else {
                let sends = ledger.sends.filter { $0.text.contains(CrashLedger.token(id)) }.map(\.id)
                problems.append("\(id) was answered \(count) times: \(sends)")
            }
        }
        for (id, files) in ledger.filesSent {
            let whole = files.allSatisfy { $0 == "\(CrashLedger.token(id)).txt:a note\n" }
            // Each repetition of the turn sends it again, and so does an outcome that nobody knows.
            let allowed = try await 1 + repetitions(of: id)
            if !whole || !(1...allowed).contains(files.count) { problems.append("\(id) was sent the files \(files)") }
        }
        problems += try await sql(
            "\(home)/data/nanoclaw.db",
            "SELECT id || ' is set aside' FROM sessions WHERE status = 'quarantined'"
        )
        return (problems, repeated)
    }

    /// Fails the test when the books show anything wrong; answers how many events were answered twice with a mark.
    @discardableResult
    func check(_ what: String) async throws -> Int {
        let books = try await books()
        #expect(books.problems.isEmpty, "\(what): \(books.problems)")
        return books.repeated
    }

    private func isMarkedUnknown(_ id: String) async throws -> Bool {
        guard let address = ledger.events[id]?.line.address else { return false }
        let marks = try await sql(
            try await sessionFolder(address) + "/inbound/inbound.db",
            """
            SELECT count(*) FROM deliveries WHERE content ->> 'text' LIKE '%\(CrashLedger.token(id))%'
                AND error LIKE 'outcome unknown%'
            """
        )
        return marks.first == "1"
    }

    private func repetitions(of id: String) async throws -> Int {
        guard let address = ledger.events[id]?.line.address else { return 0 }
        let counts = try await sql(
            try await sessionFolder(address) + "/inbound/inbound.db",
            """
            SELECT sum(tries) FROM messages_in WHERE content LIKE '%\(CrashLedger.token(id))%' UNION ALL
            SELECT count(*) FROM deliveries WHERE content ->> 'files' LIKE '%\(CrashLedger.token(id))%'
                AND error LIKE 'outcome unknown%'
            """
        )
        return counts.compactMap { Int($0) }.reduce(0, +)
    }
}
