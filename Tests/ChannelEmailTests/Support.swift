import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import LinuxIO
import Logging
import TestSupport
import Testing

@testable import ChannelEmail

/// Takes events down with the bytes of their files; fails as often as it is told.
actor RecordingInbox: ChannelInbox {
    struct Full: Error {}

    private(set) var events: [InboundEvent] = []
    /// The files of each event, by name.
    private(set) var files: [[String: [UInt8]]] = []
    private(set) var refusals = 0
    private var failures: Int
    private var waiters: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
    private var nextWaiter = 0

    init(failures: Int = 0) { self.failures = failures }

    func accept(_ event: InboundEvent) throws {
        if failures > 0 {
            failures -= 1
            refusals += 1
            throw Full()
        }
        events.append(event)
        var kept: [String: [UInt8]] = [:]
        for file in event.attachments {
            guard case .file(let path) = file.source, let directory = try? Directory(path: folder(path)),
                let source = try? directory.file(name(path), limit: 100 << 20)
            else { continue }
            kept[file.name] = try? source.readAll(limit: 100 << 20)
        }
        files.append(kept)
        for (number, waiter) in waiters where waiter.count <= events.count { end(number) }
    }

    private func folder(_ path: String) -> String { path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } }

    private func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

    func note(_ change: ChatChange) {}

    func answer(_ answer: CardAnswer) -> CardReceipt { .refused("no buttons here") }

    /// Returns once this many events came, or when the test is over its time: what it looks for then is not there.
    func wait(for count: Int) async {
        guard events.count < count else { return }
        nextWaiter += 1
        let number = nextWaiter
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume() }
                waiters[number] = (count, continuation)
            }
        } onCancel: {
            Task { await end(number) }
        }
    }

    private func end(_ number: Int) { waiters.removeValue(forKey: number)?.continuation.resume() }
}

/// Values of an account with standards for what is not given.
func values(_ given: [String: String]) -> ChannelValues {
    let standards = EmailSettings.fields.reduce(into: [String: String]()) { $0[$1.key] = $1.standard }
    return ChannelValues(standards.merging(given) { $1 })
}

/// What the host would lend an adapter.
func makeTools(
    _ folder: String,
    state: any ChannelState = MemoryChannelState(),
    largest: Int = 10 << 20,
    time: any TimeSource = SystemTime()
) throws -> ChannelTools {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    return ChannelTools(
        http: try HTTPPool(),
        webhooks: WebhookListener(WebhookOptions(port: 0), logger: logger),
        sockets: try WebSocketClient(),
        state: state,
        media: MediaFolder(path: folder, largest: largest),
        folder: folder,
        time: time,
        logger: logger
    )
}

/// A real mail server with an account of ours, and people who write to it.
struct Post {
    static let room = JudgeRoom(.mail, arguments: ["--user", "bot@example.org:pw", "--user", "alice@example.org:pw"])
    static let own = "bot@example.org"
    static let peer = "alice@example.net"

    let judge: JudgeServer
    let folder: String
    let state = MemoryChannelState()

    func port(_ name: String) -> String {
        judge.announcement.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    func values(_ more: [String: String] = [:]) -> ChannelValues {
        ChannelEmailTests.values(
            [
                "address": Self.own, "password": "pw", "imap": "127.0.0.1:\(port("imap"))/plain",
                "smtp": "127.0.0.1:\(port("smtp"))/plain", "authserv-id": "judge.example",
            ].merging(more) { $1 }
        )
    }

    func tools(largest: Int = 10 << 20) throws -> ChannelTools { try makeTools(folder, state: state, largest: largest) }

    func adapter(_ more: [String: String] = [:], largest: Int = 10 << 20) throws -> EmailAdapter {
        try EmailAdapter(try EmailSettings(values(more)), try tools(largest: largest))
    }

    /// A mail from outside to the account; its message id without brackets.
    @discardableResult
    func say(_ text: String, _ more: [String: JSONValue] = [:]) async throws -> String {
        let body: [String: JSONValue] = ["chat": .string(Self.own), "text": .string(text), "user": .string(Self.peer)]
        let answer = try await judge.control("say", .object(body.merging(more) { $1 }))
        return String((answer[key: "id"]?.string ?? "").dropFirst().dropLast())
    }

    func submitted() async throws -> [JSONValue] {
        try await judge.control("submitted")[key: "submitted"]?.array ?? []
    }

    /// Runs the adapter while the body runs; returns to the body once it has looked at the mailbox for the first time.
    func running(_ adapter: EmailAdapter, _ inbox: RecordingInbox, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await adapter.run(inbox) }
            while await state.value("position") == nil { try await Task.sleep(for: .milliseconds(5)) }
            try await body()
            group.cancelAll()
        }
    }
}

/// Runs the body with the mail server, reset, and checks that nothing was sent to it that no server would take.
func withPost(_ body: @Sendable (Post) async throws -> Void) async throws {
    try await Post.room.use { judge in
        try await withTemporaryDirectory { folder in
            try await body(Post(judge: judge, folder: folder))
            let problems = try await judge.control("log")[key: "problems"]?.array ?? []
            #expect(problems.isEmpty)
        }
    }
}

func message(
    _ text: String,
    to address: ChatAddress,
    files: [OutboundFile] = [],
    key: String = "m_1",
    done: Int = 0
) -> OutboundMessage {
    OutboundMessage(
        idempotencyKey: key,
        address: address,
        body: .text(text, files: files),
        partsDone: done,
        agentName: "NanoClaw",
        turn: .random()
    )
}
