import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelWebhook

/// A key of Standard Webhooks: 32 bytes.
let standardKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw2f0Zl9jvQXs="

/// Takes events down; fails as often as it is told.
actor RecordingInbox: ChannelInbox {
    struct Full: Error {}

    private(set) var events: [InboundEvent] = []
    private var failures: Int
    private var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    init(failures: Int = 0) { self.failures = failures }

    func accept(_ event: InboundEvent) throws {
        if failures > 0 {
            failures -= 1
            throw Full()
        }
        events.append(event)
        for waiter in waiters where waiter.count <= events.count { waiter.continuation.resume() }
        waiters.removeAll { $0.count <= events.count }
    }

    func note(_ change: ChatChange) {}

    func answer(_ answer: CardAnswer) -> CardReceipt { .refused("no cards here") }

    /// Returns once this many events came.
    func wait(for count: Int) async {
        guard events.count < count else { return }
        await withCheckedContinuation { waiters.append((count, $0)) }
    }
}

/// A hook that runs on loopback, and what is posted to it.
struct Hook {
    let url: String
    let adapter: WebhookAdapter
    let inbox: RecordingInbox
    let http: HTTPPool
    let tools: ChannelTools

    func post(_ body: String, _ headers: HeaderList = [:], type: String? = "application/json") async throws -> HTTPReply
    {
        let body: HTTPCall.Body = type.map { .bytes(Array(body.utf8), type: $0) } ?? .bytes(Array(body.utf8), type: "")
        return try await http.request(HTTPCall(.post, url, headers: headers, body: body))
    }

    /// The fields that sign a body by Standard Webhooks.
    func signed(_ body: String, id: String, age: Int64 = 0) throws -> HeaderList {
        let key = try #require(StandardWebhookKey(standardKey))
        let seconds = tools.time.now.milliseconds / 1000 - age
        return [
            "webhook-id": id, "webhook-timestamp": "\(seconds)",
            "webhook-signature": key.signature(id: id, timestamp: seconds, body: Array(body.utf8)),
        ]
    }
}

func values(_ more: [String: String] = [:]) -> ChannelValues {
    let standards = WebhookSettings.fields.reduce(into: [String: String]()) { $0[$1.key] = $1.standard }
    return ChannelValues(standards.merging(["name": "builds", "key": standardKey]) { $1 }.merging(more) { $1 })
}

func tools(_ listener: WebhookListener, folder: String, time: any TimeSource = SystemTime()) throws -> ChannelTools {
    ChannelTools(
        http: try HTTPPool(),
        webhooks: listener,
        sockets: try WebSocketClient(),
        state: MemoryChannelState(),
        media: MediaFolder(path: folder, largest: 1 << 20),
        folder: folder,
        time: time,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
}

/// Runs a listener and a hook on it while the body runs.
func withHook(
    _ more: [String: String] = [:],
    inbox: RecordingInbox = RecordingInbox(),
    time: any TimeSource = SystemTime(),
    _ body: (Hook) async throws -> Void
) async throws {
    try await withTemporaryDirectory { folder in
        let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
        let tools = try tools(listener, folder: folder, time: time)
        let adapter = WebhookAdapter(try WebhookSettings(values(more)), tools)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            group.addTask { try await adapter.run(inbox) }
            let url = "http://127.0.0.1:\(try await listener.port)/hooks/builds"
            try await body(Hook(url: url, adapter: adapter, inbox: inbox, http: tools.http, tools: tools))
            group.cancelAll()
        }
    }
}

/// Posts that a receiver got, and what it answers them.
final class Receiver: Sendable {
    private let state = Mutex<(requests: [WebhookRequest], answers: [WebhookResponse])>(([], []))

    init(_ answers: [WebhookResponse]) { state.withLock { $0.answers = answers } }

    var requests: [WebhookRequest] { state.withLock { $0.requests } }

    func take(_ request: WebhookRequest) -> WebhookResponse {
        state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? WebhookResponse(status: 204) : state.answers.removeFirst()
        }
    }
}

/// Runs a receiver on loopback while the body runs; its URL is handed in.
func withReceiver(_ answers: WebhookResponse..., body: (String, Receiver) async throws -> Void) async throws {
    let receiver = Receiver(answers)
    let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
    try listener.add("answers") { receiver.take($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await listener.run() }
        try await body("http://127.0.0.1:\(try await listener.port)/hooks/answers", receiver)
        group.cancelAll()
    }
}

func message(
    _ text: String,
    thread: String? = nil,
    files: [OutboundFile] = [],
    done: Int = 0,
    answers: OutboundMessage.Answers = .nothing
) -> OutboundMessage {
    OutboundMessage(
        idempotencyKey: "m_20yeabxprkq5fjze5f4rq6mgnw",
        address: ChatAddress(channel: "webhook", platformID: "webhook:builds:posts", thread: thread),
        body: .text(text, files: files),
        partsDone: done,
        agentName: "NanoClaw",
        answers: answers,
        turn: .random()
    )
}
