import ChannelNetwork
import Core
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

/// A program that posts to a hook of a host, by Standard Webhooks.
struct WebhookSender {
    static let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw2f0Zl9jvQXs="

    private let address: String
    private let http: HTTPPool

    init(port: Int, hook: String) throws {
        address = "http://127.0.0.1:\(port)/hooks/\(hook)"
        http = try HTTPPool()
    }

    /// Posts a text, under an id of its own or under that of an earlier try.
    func post(_ text: String, id: String = UUID().uuidString) async throws -> HTTPReply {
        let body = try JSONValue.object(["text": .string(text)]).text()
        let key = try #require(StandardWebhookKey(Self.key))
        let seconds = SystemTime().now.milliseconds / 1000
        let headers: HeaderList = [
            "webhook-id": id, "webhook-timestamp": "\(seconds)",
            "webhook-signature": key.signature(id: id, timestamp: seconds, body: Array(body.utf8)),
        ]
        return try await http.request(HTTPCall(.post, address, headers: headers, body: .json(body)))
    }
}

/// A program that takes what hooks post.
final class WebhookReceiver: Sendable {
    let address: String
    private let posts: Posts

    private final class Posts: Sendable {
        let all = Mutex<[(id: String, text: String)]>([])
    }

    private init(_ address: String, _ posts: Posts) {
        self.address = address
        self.posts = posts
    }

    /// Runs the body with a receiver.
    static func with(_ body: (WebhookReceiver) async throws -> Void) async throws {
        let posts = Posts()
        let listener = WebhookListener(WebhookOptions(port: 0), logger: Logger(label: "test"))
        try listener.add("replies") { request in
            let post = (request.headers["webhook-id"] ?? "", String(decoding: request.body, as: UTF8.self))
            posts.all.withLock { $0.append(post) }
            return WebhookResponse(status: 204)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            try await body(WebhookReceiver("http://127.0.0.1:\(try await listener.port)/hooks/replies", posts))
            group.cancelAll()
        }
    }

    /// The bodies, in order, with all repeats.
    var texts: [String] { posts.all.withLock { $0.map(\.text) } }

    /// Ids of what contains a text: a receiver takes each id once.
    func ids(containing text: String) -> Set<String> {
        posts.all.withLock { posts in Set(posts.filter { $0.text.contains(text) }.map(\.id)) }
    }
}
