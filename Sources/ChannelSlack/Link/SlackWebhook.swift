import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Events, interactions and commands by HTTP: one address for all three.
struct SlackWebhook: Sendable {
    let desk: SlackDesk
    let health: HealthKeeper
    let secret: String

    /// Slack counts a request as failed after 3 s and sends it again, three times.
    private static let answerWithin = Duration.milliseconds(2500)

    /// Serves the path until cancelled.
    func run(at path: String) async throws {
        try desk.tools.webhooks.add(path) { await answer($0) }
        defer { desk.tools.webhooks.remove(path) }
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
    }

    /// Answers one request: first the signature over the raw bytes, then everything else.
    func answer(_ request: WebhookRequest) async -> WebhookResponse {
        guard request.method == "POST" else { return WebhookResponse(status: 405, headers: ["allow": "POST"]) }
        let isSigned = WebhookSignature.isSlack(
            request.headers["x-slack-signature"] ?? "",
            timestamp: request.headers["x-slack-request-timestamp"] ?? "",
            secret: secret,
            body: request.body,
            now: desk.tools.time.now
        )
        guard isSigned else { return WebhookResponse(status: 401) }
        health.heard()
        guard let post = SlackPost(type: request.headers["content-type"] ?? "", body: request.body) else {
            return WebhookResponse(status: 400)
        }
        switch post {
        case .challenge(let text):
            return WebhookResponse(status: 200, headers: ["content-type": "text/plain"], body: Array(text.utf8))
        case .delivery(let delivery): return await take(delivery)
        }
    }

    private func take(_ delivery: SlackDelivery) async -> WebhookResponse {
        let job: String?
        do {
            job = try await desk.take(delivery)
        } catch {
            return WebhookResponse(status: 503)
        }
        if let job {
            guard await desk.lanes.finishes(job, within: Self.answerWithin) else { return WebhookResponse(status: 503) }
        }
        crashPoint("channel.slack-hook-taken")
        guard let answer = delivery.answer else { return WebhookResponse(status: 200) }
        return WebhookResponse(status: 200, headers: ["content-type": "application/json"], body: Array(answer.utf8))
    }
}
