import Core
import Foundation
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport

/// A session in a directory of its own, seen from the host.
struct Scene {
    let folder: SessionFolder
    let host: HostSession
    let executors: StoreExecutors
    let time: ManualTime

    /// Runs the body with a fresh session.
    static func run(
        limits: AttachmentLimits = AttachmentLimits(),
        in place: String? = nil,
        _ body: (Scene) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { temporary in
            let path = place ?? temporary
            let folder = SessionFolder(path: path + "/sessions/ag/se")
            try HostSession.create(folder, owner: nil)
            let executors = try StoreExecutors(threads: 1)
            let time = ManualTime()
            let host = HostSession(
                folder: folder,
                owner: nil,
                executors: executors,
                time: time,
                attachmentLimits: limits
            )
            try await body(Scene(folder: folder, host: host, executors: executors, time: time))
            await host.close()
        }
    }

    /// The host's side once more, as a host that was started anew sees it.
    func anotherHost() -> HostSession {
        HostSession(folder: folder, owner: nil, executors: executors, time: time)
    }

    /// The runner's side, in this process; for tests that do not touch its locks.
    func runner(_ incarnation: Incarnation = 1) throws -> RunnerSession {
        try RunnerSession(
            inbound: folder.inbound,
            outbound: folder.outbound,
            state: folder.state,
            incarnation: incarnation,
            time: time
        )
    }

    /// Begins a life of the runner, as the host does before each spawn.
    func begin(_ incarnation: Incarnation = 1) async throws {
        let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
        try await host.beginIncarnation(incarnation, configuration: configuration, destinations: [], routing: nil)
    }

    func message(_ text: String, source: String? = nil, trigger: Bool = true) -> NewInbound {
        NewInbound(
            sourceID: source ?? MessageID.random().rawValue,
            content: .chat(ChatContent(text: text)),
            trigger: trigger,
            sentAt: time.now,
            receivedAt: time.now,
            address: chat,
            platformMessageID: "p-\(text.prefix(20))"
        )
    }

    func reply(_ text: String, turn: TurnID = .random(), to message: MessageID? = nil) -> NewOutbound {
        NewOutbound(content: .chat(OutboundChat(text: text)), address: chat, inReplyTo: message, turn: turn)
    }

    /// What the next look shows; fails the test when it is no snapshot.
    func snapshot(_ host: HostSession? = nil) async throws -> OutboundSnapshot {
        let reading = try await (host ?? self.host).readOutbound()
        guard case .snapshot(let snapshot) = reading else { throw Unexpected("\(reading)") }
        return snapshot
    }

    func delivery(_ row: OutboundRow, _ state: DeliveryState = .delivered) throws -> Delivery {
        var delivery = try Delivery(row, incarnation: 1, state: state, at: time.now)
        delivery.platformMessageID = "out-\(row.seq)"
        return delivery
    }

    /// One look of retention with these periods.
    @discardableResult
    func retain(
        messages: Duration? = nil,
        files: Duration? = nil,
        failedFiles: Duration? = nil,
        transcripts: Duration? = nil,
        isQuiet: Bool = true,
        closedAt: Timestamp? = nil
    ) async throws -> RetentionOutcome {
        try await host.retain(
            RetentionSubject(session: SessionID(unchecked: "se"), isQuiet: isQuiet, closedAt: closedAt),
            SessionPeriods(messages: messages, files: files, failedFiles: failedFiles, transcripts: transcripts)
        )
    }

    /// The message was delivered, and its files' time is over.
    func endFiles(of message: MessageID) async throws {
        let delivery = Delivery(
            message: message,
            seq: 1,
            incarnation: 1,
            turn: .random(),
            kind: .chat,
            address: chat,
            content: "{}",
            state: .delivered,
            recordedAt: time.now,
            updatedAt: time.now
        )
        try await host.apply([.delivery(delivery)])
        try await retain(files: .zero)
    }

    /// Works on `outbound.db` as only somebody in the sandbox could.
    func tamper(_ body: (Connection) throws -> Void) throws {
        let database = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 1000)
        defer { database.close() }
        try body(database)
    }

    /// Overwrites bytes of `outbound.db`.
    func patch(at place: Int, _ bytes: [UInt8]) throws {
        let number = open(folder.outboundDatabase, O_WRONLY | O_CLOEXEC)
        guard number >= 0 else { throw Errno.last("open") }
        let file = Descriptor(owning: number)
        guard pwrite(file.number, bytes, bytes.count, off_t(place)) == bytes.count else { throw Errno.last("pwrite") }
    }
}

let chat = ChatAddress(channel: "cli", platformID: "cli:local:main")

/// How long something that waits for a deadline takes, three times, shortest first: a busy machine makes none shorter.
func threeWaits(_ body: () async throws -> Void) async throws -> [Duration] {
    var waits: [Duration] = []
    for _ in 0..<3 {
        let start = ContinuousClock.now
        try await body()
        waits.append(ContinuousClock.now - start)
    }
    return waits.sorted()
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A run of `session-victim`, which stands beside the tests.
final class Victim {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var rest: [UInt8] = []

    init(_ verb: String, _ folder: SessionFolder, count: Int = 0) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "session-victim")
        process.arguments = [verb, folder.path, String(count)]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let expected = verb == "recover" ? "done" : "ready"
        let first = try line() ?? "nothing"
        guard first == expected else { throw Unexpected("\(verb): \(first)") }
    }

    /// The next line that it prints; nil at the end.
    func line() throws -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeFirst(end + 1)
                return line
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            rest += more
        }
    }

    /// All lines up to the end.
    func lines() throws -> [String] {
        var lines: [String] = []
        while let line = try line() { lines.append(line) }
        return lines
    }

    /// SIGKILL; returns once it is dead.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends its standard input; returns once it has left.
    func end() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
