import ChannelConformance
import ChannelKit
import Core
import Logging
import Synchronization
import TestSupport

@testable import ChannelNetwork
@testable import ChannelWebhook

/// A program that posts to a hook and takes what is posted back: it checks signatures as the standard has it.
///
/// Its two listeners must run: ``run()``.
final class WebhookWorld: PlatformWorld {
    private struct State {
        var seen: [WorldMessage] = []
        /// Ids taken before: by the standard a receiver takes each once.
        var ids: Set<String> = []
        var answers: [Answer] = []
        var count = 0
        var comesTwice = false
        var problems: [String] = []
        /// Posts that were not taken yet.
        var pending: [Post] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private enum Answer {
        case refuse(WebhookResponse)
        /// Taken, and the answer is an error all the same.
        case lose
    }

    let tools: ChannelTools
    let account: ChannelAccount
    let platform: any ChannelPlatform = WebhookPlatform()
    let direct = WorldChat(id: "posts", platformID: "webhook:builds:posts", isGroup: false)
    let group: WorldChat? = nil
    private let receiver: WebhookListener
    private let state = Mutex(State())

    let exemptions: [ConformanceCheck: String] = [
        .preview: "a program reads the text as it is",
        .text: "no person is here whom an event could name", .mention: "every post is for the agent",
        .reply: "posts answer nothing", .edit: "posts are not changed", .delete: "posts are not taken back",
        .reaction: "programs have none", .fileIn: "a post is its body", .oversizeFileIn: "a post is its body",
        .reordered: "each post stands alone", .otherBot: "every sender is a program",
        .backlog: "who posts keeps what was not taken", .badFormatting: "receivers take Markdown",
        .openDM: "no person is here", .dropMidEvent: "there is no link", .reconnectRequest: "there is no link",
        .reconnects: "there is no link", .revoked: "the key is the operator's own", .secondPoller: "there is no link",
    ]

    /// A world with ports of its own.
    static func run(_ body: (WebhookWorld) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let logger = Logger(label: "webhook") { _ in SwiftLogNoOpLogHandler() }
            let (hooks, receiver) = (
                WebhookListener(WebhookOptions(port: 0), logger: logger),
                WebhookListener(WebhookOptions(port: 0), logger: logger)
            )
            let box = Mutex<WebhookWorld?>(nil)
            try receiver.add("answers") { request in
                box.withLock { $0 }?.take(request) ?? WebhookResponse(status: 503)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await hooks.run() }
                group.addTask { try await receiver.run() }
                let url = "http://127.0.0.1:\(try await receiver.port)/hooks/answers"
                let world = WebhookWorld(try ChannelWebhookTests.tools(hooks, folder: folder), receiver, url)
                box.withLock { $0 = world }
                try await body(world)
                group.cancelAll()
            }
        }
    }

    private init(_ tools: ChannelTools, _ receiver: WebhookListener, _ url: String) {
        self.tools = tools
        self.receiver = receiver
        account = ChannelAccount(
            name: "builds",
            identity: ChannelIdentity(account: "builds", title: "/hooks/builds"),
            values: ChannelWebhookTests.values(["reply-url": url, "private-targets": "yes", "thread": "thread"])
        )
    }

    /// What receivers found wrong with what was posted to them.
    var problems: [String] { state.withLock { $0.problems } }

    private func take(_ request: WebhookRequest) -> WebhookResponse {
        let id = request.headers["webhook-id"] ?? ""
        let isValid =
            StandardWebhookKey(standardKey)?.isValid(
                request.headers["webhook-signature"] ?? "",
                id: id,
                timestamp: request.headers["webhook-timestamp"] ?? "",
                body: request.body,
                now: SystemTime().now
            ) ?? false
        let value = try? JSONValue(parsing: String(decoding: request.body, as: UTF8.self))
        let (response, waiters) = state.withLock { state -> (WebhookResponse, [CheckedContinuation<Void, Never>]) in
            guard isValid, let value else {
                state.problems.append("a post that is not signed, or no JSON")
                return (WebhookResponse(status: 401), [])
            }
            var response = WebhookResponse(status: 204)
            if !state.answers.isEmpty {
                switch state.answers.removeFirst() {
                case .refuse(let refusal): return (refusal, [])
                case .lose: response = WebhookResponse(status: 500)
                }
            }
            guard state.ids.insert(id).inserted else { return (response, []) }
            Self.add(value, id, &state)
            let count = state.seen.count { $0.isAgents }
            let ready = state.waiters.filter { $0.count <= count }.map(\.continuation)
            state.waiters.removeAll { $0.count <= count }
            return (response, ready)
        }
        for waiter in waiters { waiter.resume() }
        return response
    }

    private static func add(_ value: JSONValue, _ id: String, _ state: inout State) {
        let data = value[key: "data"]
        let text = data?[key: "text"]?.string ?? ""
        let target = state.seen.firstIndex { $0.id == data?[key: "message"]?.string }
        switch value[key: "type"]?.string {
        case "message.edit": if let target { state.seen[target].text = text }
        case "message.reaction":
            if let target { state.seen[target].reactions.append(data?[key: "emoji"]?.string ?? "") }
        default:
            var files: [String: String] = [:]
            if let name = data?[key: "name"]?.string {
                files[name] = digest(data?[key: "content"]?.string.flatMap { Base64.decode($0) } ?? [])
            }
            state.seen.append(
                WorldMessage(
                    id: id,
                    isAgents: true,
                    text: text,
                    thread: data?[key: "conversation"]?.string,
                    files: files
                )
            )
        }
    }

    /// SHA-256 in hex.
    private static func digest(_ bytes: [UInt8]) -> String {
        guard let digest = try? StreamingSHA256() else { return "" }
        bytes.withUnsafeBytes { digest.update($0) }
        return Hex.encode(digest.finish())
    }

    // MARK: - What the program does

    private struct Post: Sendable {
        var id: String
        var body: [UInt8]
    }

    func say(_ message: WorldSaid) async throws -> String {
        let (number, times) = state.withLock { state in
            state.count += 1
            defer { state.comesTwice = false }
            return (state.count, state.comesTwice ? 2 : 1)
        }
        var fields: [String: JSONValue] = ["text": .string(message.text)]
        fields["thread"] = message.thread.map(JSONValue.string)
        let post = Post(id: "post-\(number)", body: Array(try JSONValue.object(fields).text().utf8))
        let waiting = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for post in waiting + Array(repeating: post, count: times) { try await send(post) }
        state.withLock {
            $0.seen.append(
                WorldMessage(id: "id:\(post.id)", isAgents: false, text: message.text, thread: message.thread)
            )
        }
        return "id:\(post.id)"
    }

    /// Whoever posts tries again until it is taken, as the standard has it; what is not is kept for later.
    private func send(_ post: Post) async throws {
        let url = "http://127.0.0.1:\(try await tools.webhooks.port)/hooks/builds"
        for _ in 0..<20 {
            let seconds = SystemTime().now.milliseconds / 1000
            let signature = StandardWebhookKey(standardKey)?.signature(
                id: post.id,
                timestamp: seconds,
                body: post.body
            )
            let call = HTTPCall(
                .post,
                url,
                headers: [
                    "webhook-id": post.id, "webhook-timestamp": "\(seconds)", "webhook-signature": signature ?? "",
                ],
                body: .bytes(post.body, type: "application/json")
            )
            if try await tools.http.request(call).isSuccess { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        state.withLock { $0.pending.append(post) }
    }

    func openThread(in chat: WorldChat) async throws -> String? { "a thread" }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws { throw Self.impossible }

    func delete(_ id: String, in chat: WorldChat) async throws { throw Self.impossible }

    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws { throw Self.impossible }

    func press(_ label: String, on id: String, in chat: WorldChat) async throws { throw Self.impossible }

    private static var impossible: Judge.Failure { Judge.Failure(description: "programs cannot do this") }

    func messages(in chat: WorldChat) async throws -> [WorldMessage] { state.withLock { $0.seen } }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isThere = state.withLock { state in
                if state.seen.count(where: { $0.isAgents }) >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func inject(_ fault: WorldFault) async throws {
        try state.withLock { state in
            switch fault {
            case .tooMany(let count, let after):
                let refusal = WebhookResponse(status: 429, headers: ["retry-after": "\(after)"])
                state.answers += Array(repeating: .refuse(refusal), count: count)
            case .serverError(let count):
                state.answers += Array(repeating: .refuse(WebhookResponse(status: 500)), count: count)
            case .lostAnswer(let count): state.answers += Array(repeating: .lose, count: count)
            case .duplicateEvent: state.comesTwice = true
            default: throw Judge.Failure(description: "programs do not know \(fault)")
            }
        }
    }

    func openLinks() async throws -> Int { 0 }

    func dropLinks() async throws {}
}
