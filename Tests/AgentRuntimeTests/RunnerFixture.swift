import AgentRuntime
import AgentTools
import Core
import Glibc
import LinuxIO
import ModelProviders
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// A session with a running runner: real databases, real sockets, real processes; the clock is turned by hand.
struct RunnerFixture: Sendable {
    static let home = ChatAddress(channel: "cli", platformID: "cli:local:main")

    let folder: SessionFolder
    let host: HostSession
    let time: ManualTime
    let bell: PacketSocket
    let live: PacketSocket
    let runner: Task<RunnerEnd, any Error>
    let agent: String
    /// Where `nanoclaw` calls on this machine's loopback.
    let callPort: UInt16
    /// Ends the runner as SIGTERM does.
    let stop: @Sendable () async -> Void

    /// A row as it stands in `messages_out`.
    struct Sent: Equatable {
        let seq: Int64
        let kind: String
        let platformID: String?
        let thread: String?
        let inReplyTo: String?
        let content: OutboundContent

        var text: String {
            switch content {
            case .chat(let chat): chat.text
            case .edit(let edit): edit.text
            case .reaction(let reaction): reaction.emoji
            case .system(let action): action.action
            }
        }
    }

    // MARK: - What the host does

    @discardableResult
    func say(
        _ text: String,
        trigger: Bool = true,
        at address: ChatAddress? = home,
        sender: String = "Ada",
        later: Duration = .zero
    ) async throws -> MessageID {
        try await put(
            .chat(ChatContent(text: text, sender: sender)),
            trigger: trigger,
            at: address,
            later: later
        )
    }

    @discardableResult
    func put(
        _ content: InboundContent,
        trigger: Bool = true,
        at address: ChatAddress? = home,
        later: Duration = .zero,
        rings: Bool = true
    ) async throws -> MessageID {
        let row = NewInbound(
            sourceID: MessageID.random().rawValue,
            content: content,
            trigger: trigger,
            sentAt: time.now,
            receivedAt: time.now + later,
            address: address
        )
        let id = try await host.insert([row])[0].id
        if rings { ring() }
        return id
    }

    /// Lets the runner's clock go on by a second and its beat come by.
    func second() async throws {
        try await time.waitForSleepers()
        time.advance(by: .seconds(1))
    }

    func closeBell() { shutdown(bell.descriptor.number, Int32(SHUT_RDWR)) }

    func ring() { _ = try? bell.send([1]) }

    // MARK: - What the runner did

    private func open() throws -> Connection {
        try Connection(path: folder.outboundDatabase, .readOnly, busyTimeout: 2000)
    }

    func sent() throws -> [Sent] {
        let database = try open()
        return try database.rows(
            "SELECT seq, kind, platform_id, thread_id, in_reply_to, content FROM messages_out ORDER BY seq"
        ) { row in
            let kind = try #require(OutboundKind(rawValue: row.text(1)))
            return Sent(
                seq: row.integer(0),
                kind: row.text(1),
                platformID: row.optionalText(2),
                thread: row.optionalText(3),
                inReplyTo: row.optionalText(4),
                content: try OutboundContent(kind: kind, json: row.bytes(5))
            )
        }
    }

    func id(ofRow seq: Int64) throws -> MessageID {
        let id = try open().first("SELECT id FROM messages_out WHERE seq = ?", seq) { $0.text(0) }
        return MessageID(unchecked: try #require(id))
    }

    func state(of id: MessageID) throws -> String? {
        try open().first("SELECT state FROM processing_ack WHERE message_id = ?", id) { $0.text(0) }
    }

    func detail(of id: MessageID) throws -> String? {
        try open().first("SELECT detail FROM processing_ack WHERE message_id = ?", id) { $0.optionalText(0) } ?? nil
    }

    /// How many rows each turn has ended.
    func acksByTurn() throws -> [Int] {
        try open().rows("SELECT count(*) FROM processing_ack GROUP BY turn") { Int($0.integer(0)) }
    }

    func toolsInFlight() throws -> String {
        try open().first("SELECT tools FROM runner_state") { $0.text(0) } ?? ""
    }

    func integrity() throws -> String? { try open().first("PRAGMA integrity_check") { $0.text(0) } }

    func continuations() throws -> [String] {
        try open().rows("SELECT value FROM session_state") { $0.text(0) }
    }

    /// Waits, by the runner's bell, until something holds.
    func wait(until holds: () throws -> Bool, _ comment: Comment? = nil) async throws {
        let clock = SystemTime()
        let deadline = clock.monotonic + .seconds(30)
        while try !holds() {
            try #require(clock.monotonic < deadline, comment ?? "it did not come about within 30 s")
            // The runner rings with each commit; the pause is only a net for what it does not ring for.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Readiness.shared.readable(bell.descriptor) }
                group.addTask { try await clock.sleep(for: .milliseconds(20)) }
                _ = try await group.next()
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
            while case .message = try bell.receive(limit: 16) {}
        }
    }

    func waitForEnd(of id: MessageID) async throws {
        try await wait(until: { try ["completed", "failed"].contains(state(of: id) ?? "") })
    }
}

/// Runs the body with a session in a fresh directory and a runner on it.
func withRunner(
    _ provider: any ModelProvider,
    incarnation: Incarnation = 1,
    in directory: String? = nil,
    destinations: [SessionDestination] = [.init(name: "cli", target: .chat(RunnerFixture.home))],
    time: ManualTime = ManualTime(),
    configure: (inout AgentConfiguration) -> Void = { _ in },
    _ body: @Sendable (RunnerFixture) async throws -> Void
) async throws {
    var configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
    configure(&configuration)
    let prepared = configuration
    @Sendable func run(_ path: String) async throws {
        let folder = SessionFolder(path: path + "/session")
        let executors = try StoreExecutors(threads: 1)
        try await executors.run { try HostSession.create(folder, owner: nil) }
        let host = HostSession(folder: folder, owner: nil, executors: executors, time: time)
        try await host.beginIncarnation(
            incarnation,
            configuration: prepared,
            destinations: destinations,
            routing: RunnerFixture.home
        )
        for name in ["agent", "instructions", "scratch"] { mkdir(path + "/" + name, 0o755) }
        let (bell, runnerBell) = try PacketSocket.pair()
        let (live, runnerLive) = try PacketSocket.pair()
        let (toolInit, runnerTools) = try PacketSocket.pair()
        let tools = LocalToolInit(toolInit)
        let serving = Task { await tools.run() }
        defer { serving.cancel() }
        var settings = RunnerSettings(
            incarnation: incarnation,
            bell: runnerBell,
            live: runnerLive,
            toolInit: runnerTools
        )
        settings.inbound = folder.inbound
        settings.outbound = folder.outbound
        settings.state = folder.state
        settings.instructions = path + "/instructions"
        settings.toolPlaces.agent = path + "/agent"
        settings.toolPlaces.instructions = path + "/instructions"
        settings.toolPlaces.scratch = path + "/scratch"
        settings.toolPlaces.server = try BuiltPrograms.path("agent-runner")
        let (calls, callPort) = try loopbackListener()
        settings.commandLine = calls
        settings.time = time
        settings.makeProvider = { _ in provider }
        let runner = try Runner(settings)
        let task = Task { try await runner.run() }
        let fixture = RunnerFixture(
            folder: folder,
            host: host,
            time: time,
            bell: bell,
            live: live,
            runner: task,
            agent: path + "/agent",
            callPort: callPort,
            stop: { await runner.stop() }
        )
        do {
            try await body(fixture)
        } catch {
            await runner.stop()
            _ = await task.result
            throw error
        }
        await runner.stop()
        _ = await task.result
        await host.close()
    }
    if let directory { try await run(directory) } else { try await withTemporaryDirectory(run) }
}

/// Programs of this package, where the build put them.
enum BuiltPrograms {
    static func path(_ name: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(name)"
        try #require(access(path, X_OK) == 0, "\(path) is not built")
        return path
    }
}

/// A listener on a free port of the loopback.
private func loopbackListener() throws -> (Descriptor, UInt16) {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let listener = Descriptor(owning: try Errno.check(socket(AF_INET, kind, 0), "socket"))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(listener.number, pointer, size) == 0 && listen(listener.number, 32) == 0
                && getsockname(listener.number, pointer, &size) == 0
        }
    }
    guard result else { throw Errno.last("listen") }
    return (listener, UInt16(bigEndian: address.sin_port))
}
