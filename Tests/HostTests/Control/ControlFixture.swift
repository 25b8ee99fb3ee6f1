import CentralStore
import ChannelAccounts
import ChannelKit
import Channels
import ControlProtocol
import Core
import GRDB
import Glibc
import HostLogging
import LinuxIO
import Logging
import People
import Sandbox
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// A host that only remembers what it was asked.
final class FakeHostControl: HostControl {
    struct State {
        var accepted: [InboundEvent] = []
        var stopped: [SessionID] = []
        var closed: [SessionID] = []
        var changed: [AgentGroupID] = []
        var routes: [RouteExplanation] = []
        var refusal: HostError?
    }

    let state = Mutex(State())
    let hub = LiveHub()
    let store: CentralStore
    let home: String

    init(home: String, store: CentralStore) {
        self.home = home
        self.store = store
    }

    func accept(_ event: InboundEvent) async throws {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        state.withLock { $0.accepted.append(event) }
    }

    func answersCard(_ event: InboundEvent) async throws -> Bool { false }

    func explain(_ event: InboundEvent) async throws -> [RouteExplanation] { state.withLock { $0.routes } }

    func explain(address: ChatAddress, text: String?, mention: Bool?) async throws -> [RouteExplanation] {
        state.withLock { $0.routes }
    }

    func stop(session: SessionID, by user: UserID?) async throws -> Bool {
        state.withLock { $0.stopped.append(session) }
        return true
    }

    func reset(session: SessionID) async throws {}
    func close(session: SessionID) async throws { state.withLock { $0.closed.append(session) } }
    func history(session: SessionID, limit: Int) async throws -> [HistoryEntry] { [] }
    func retain(isDry: Bool, _ tell: @Sendable (RetentionItem) async throws -> Void) async throws {}
    func groupChanged(_ group: AgentGroupID) async { state.withLock { $0.changed.append(group) } }
    func restart(group: AgentGroupID, message: String?) async throws -> Int { 0 }

    func createGroup(name: String, folder: String?, adoptFolder: Bool) async throws -> AgentGroupID {
        try await store.write { db in
            try AgentGroup.create(name: name, folder: folder, now: Timestamp(milliseconds: 1), db).id
        }
    }

    func pair(_ offer: PairingOffer, by maker: UserID, isHomeOwner: Bool) async throws -> Pairing.Made {
        try await store.write { db in
            try Pairing.make(offer, by: maker, isHomeOwner: isHomeOwner, now: SystemTime().now, db)
        }
    }

    func exportPerson(_ user: UserID, _ emit: @escaping @Sendable (ExportFrame) async throws -> Void) async throws {}

    func tookCode(_ event: InboundEvent) -> Bool? { nil }

    func linksChanged(_ users: [UserID]) async throws {}

    func chatWired(_ chat: MessagingGroupID) async throws {}

    func withdrawApprovals(about group: AgentGroupID) async throws {}

    func erasePerson(
        _ user: UserID,
        isDry: Bool,
        _ tell: @Sendable (PersonalItem) async throws -> Void
    ) async throws {}

    func status() async -> HostStatus {
        HostStatus(home: home, pid: getpid(), startedAt: Timestamp(milliseconds: 0), isReady: true, maximumRunners: 4)
    }

    func runnerReports(session: SessionID) async -> IsolationReport? { nil }
    func liveEvents(for address: ChatAddress) -> AsyncStream<ChatLiveEvent> { hub.listen(to: address) }
}

/// A real socket over a real central database, and a host that only remembers.
struct ControlFixture: Sendable {
    let home: String
    let store: CentralStore
    let host: FakeHostControl
    let cli: CLIChannel
    let main: AgentGroup

    /// Runs the body beside a served socket; the home lies as deep as asked.
    static func with(
        limits: ControlSocket.Limits = ControlSocket.Limits(),
        time: any TimeSource = SystemTime(),
        deep: Bool = false,
        _ body: (ControlFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { path in
            var home = path
            if deep {
                for _ in 0..<8 {
                    home += "/a-folder-with-a-rather-long-name"
                    mkdir(home, 0o700)
                }
            }
            mkdir("\(home)/groups", 0o755)
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock, time: time)
            let main = try await store.write { db in
                let now = Timestamp(milliseconds: 1)
                let group = try AgentGroup.create(name: "Main", folder: "main", now: now, db)
                let chat = try MessagingGroup(
                    channelType: "cli",
                    platformID: CLIChannel.mainChat,
                    name: "cli",
                    createdAt: now
                ).create(db)
                _ = try Wiring(
                    agentGroupID: group.id,
                    target: .chat(chat.id),
                    engageModes: [.pattern],
                    engagePattern: ".",
                    createdAt: now
                ).create(db)
                return group
            }
            let host = FakeHostControl(home: home, store: store)
            let cli = CLIChannel(home: home, store: store, time: time)
            let traces = try TraceStore(home: home, time: time)
            let context = ControlContext(
                home: home,
                store: store,
                host: host,
                cli: cli,
                registry: ChannelRegistry([cli], time: time, logger: Logger(label: "channels")),
                traces: traces,
                time: time
            )
            let socket = try ControlSocket(
                home: home,
                commands: ControlCommands(context),
                limits: limits,
                time: time,
                logger: Logger(label: "control")
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await socket.run() }
                try await body(ControlFixture(home: home, store: store, host: host, cli: cli, main: main))
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
            withExtendedLifetime(lock) {}
        }
    }

    func client() throws -> RawClient { RawClient(try ControlAddress.connect(home: home)) }

    /// One request on a connection of its own.
    func ask(_ command: String, _ arguments: [String: JSONValue] = [:]) async throws -> JSONValue {
        let client = try client()
        try await client.send(ControlRequest(id: "1", command: command, arguments: arguments))
        switch try await client.next()?.body {
        case .result(let value): return value
        case .failure(let error): throw error
        default: throw ControlError(.failed, "no answer to \(command)")
        }
    }

    /// The message of the error that the command ends with.
    func refusal(_ command: String, _ arguments: [String: JSONValue] = [:]) async throws -> String {
        do {
            let value = try await ask(command, arguments)
            return "answered \(value)"
        } catch let error as ControlError {
            return "\(error.code): \(error.message)"
        }
    }
}

/// A client that sees every line.
final class RawClient: Sendable {
    let connection: ControlConnection
    private let splitter = Mutex(LineSplitter())
    private let waiting = Mutex<[ControlReply]>([])

    init(_ connection: ControlConnection) { self.connection = connection }

    func send(_ request: ControlRequest) async throws { try await connection.write(try request.line()) }

    /// The next reply; nil at the end of the connection.
    func next() async throws -> ControlReply? {
        while true {
            let first = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let first { return first }
            let bytes = try await connection.read()
            if bytes.isEmpty { return nil }
            let lines = try splitter.withLock { try $0.append(bytes) }
            let replies = try lines.map { try ControlReply(line: $0) }
            waiting.withLock { $0 += replies }
        }
    }

    /// The next event of a chat.
    func frame() async throws -> ChatFrame? {
        guard case .event(let value)? = try await next()?.body else { return nil }
        return try value.decoded(as: ChatFrame.self)
    }
}

extension Database {
    /// How many rows each table has.
    func dumpCounts() throws -> [String: Int] {
        let tables = try String.fetchAll(self, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return try tables.reduce(into: [:]) { counts, table in
            counts[table] = try Int.fetchOne(self, sql: "SELECT count(*) FROM \"\(table)\"")
        }
    }
}
