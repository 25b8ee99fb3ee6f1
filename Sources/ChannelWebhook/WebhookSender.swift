import ChannelKit
import ChannelNetwork
import Core
import Dispatch
import LinuxIO

/// Posts what agents say to a hook's target, signed by Standard Webhooks.
///
/// A repeat of a part has the same `webhook-id`, by which receivers know it.
struct WebhookSender: Sendable {
    /// Time for one post: receivers are to store and answer.
    private static let deadline: Duration = .seconds(20)

    let target: WebhookSettings.Target
    let http: HTTPPool
    let time: any TimeSource
    private let files = DispatchQueue(label: "nanoclaw.webhook.files")

    init(_ target: WebhookSettings.Target, http: HTTPPool, time: any TimeSource) {
        self.target = target
        self.http = http
        self.time = time
    }

    /// Posts one part; the id is the part's own.
    func send(_ part: OutgoingParts.Part, of message: OutboundMessage) async throws(PartFailure) -> String {
        var data: [String: JSONValue] = [
            "conversation": message.address.thread.map(JSONValue.string) ?? .null, "agent": .string(message.agentName),
        ]
        let type: String
        switch part.content {
        case .text(let text):
            type = "message.text"
            data["text"] = .string(text.markdown)
        case .edit(let id, let text):
            type = "message.edit"
            data["text"] = .string(text.markdown)
            data["message"] = .string(id)
        case .reaction(let id, let emoji):
            type = "message.reaction"
            data["emoji"] = .string(emoji)
            data["message"] = .string(id)
        case .file(let file):
            type = "message.file"
            data["name"] = .string(file.name)
            data["content"] = .string(Base64.encode(try await bytes(file)))
        }
        let now = time.now
        let body: JSONValue = [
            "type": .string(type), "timestamp": .string(now.description), "data": .object(data),
        ]
        try await post(body, id: part.idempotencyKey, now)
        crashPoint("channel.webhook-sent")
        return part.idempotencyKey
    }

    private func post(_ value: JSONValue, id: String, _ now: Timestamp) async throws(PartFailure) {
        let reply: HTTPReply
        do {
            let body = Array(try value.text().utf8)
            let seconds = now.milliseconds / 1000
            reply = try await http.request(
                HTTPCall(
                    .post,
                    target.address.description,
                    headers: [
                        "webhook-id": id, "webhook-timestamp": "\(seconds)",
                        "webhook-signature": target.key.signature(id: id, timestamp: seconds, body: body),
                        "user-agent": "NanoClaw",
                    ],
                    body: .bytes(body, type: "application/json"),
                    deadline: Self.deadline,
                    replyLimit: 64 << 10,
                    redacting: [target.address.target],
                    hosts: target.hosts
                )
            )
        } catch let error as NetworkError {
            throw .failed(Self.failure(error))
        } catch {
            throw .failed(ChannelError(.rejected, "the message cannot be written as JSON", cause: error))
        }
        if let failure = Self.failure(reply, target.address.origin, now: now) { throw .failed(failure) }
    }

    /// What an answer means; nil when the message was taken.
    static func failure(_ reply: HTTPReply, _ place: String, now: Timestamp) -> ChannelError? {
        if reply.isSuccess { return nil }
        if let wait = reply.retryAfter?.wait(now: now), reply.status == 429 || reply.status == 503 {
            return ChannelError(.rateLimited(retryAfter: wait), "\(place) asks to wait (status \(reply.status))")
        }
        switch reply.status {
        case 429: return ChannelError(.rateLimited(retryAfter: .seconds(30)), "\(place) asks to wait (status 429)")
        case 408, 409, 425, 500...599: return ChannelError(.transient, "\(place) answers with status \(reply.status)")
        case 410: return ChannelError(.rejected, "\(place) does not want posts any more (status 410)")
        case 300..<400:
            let message = "\(place) redirects (status \(reply.status)): set reply-url to where it leads"
            return ChannelError(.rejected, message)
        default: return ChannelError(.rejected, "\(place) refuses the post with status \(reply.status)")
        }
    }

    /// What a failure of the network means.
    static func failure(_ error: NetworkError) -> ChannelError {
        switch error.code {
        case .invalidURL: ChannelError(.rejected, error.message)
        case .refusedHost:
            ChannelError(.rejected, error.message + ": set private-targets to yes if that is meant")
        case .cannotConnect, .tls: ChannelError(.notConnected, error.message)
        default: ChannelError(.transient, error.message)
        }
    }

    private func bytes(_ file: OutboundFile) async throws(PartFailure) -> [UInt8] {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                files.async {
                    continuation.resume(
                        with: Result { try file.descriptor.duplicate().read(file.size) }
                    )
                }
            }
        } catch {
            throw .failed(ChannelError(.transient, "the file \(file.name) cannot be read", cause: error))
        }
    }
}
