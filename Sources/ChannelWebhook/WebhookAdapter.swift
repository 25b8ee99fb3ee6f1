import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// One hook.
final class WebhookAdapter: ChannelAdapter {
    /// The largest file that is posted, in bytes; it travels inside the JSON.
    private static let largestFile = 1 << 20
    /// Posts remembered to tell senders that theirs came before.
    private static let mostRecent = 512

    let channel = WebhookPlatform.key
    let account: String?
    let capabilities: ChannelCapabilities

    private let settings: WebhookSettings
    private let tools: ChannelTools
    private let sender: WebhookSender?
    private let keeper: HealthKeeper
    private let guesses = GuessLimit()
    private let answers = AnswerDesk()
    private let recent = Mutex<[String]>([])
    private let logger: Logger

    init(_ settings: WebhookSettings, _ tools: ChannelTools) {
        self.settings = settings
        self.tools = tools
        account = settings.name
        capabilities = ChannelCapabilities(
            threads: true,
            edits: true,
            reactions: true,
            // By the standard a receiver takes a webhook-id once. The answer to a post that waits has none, and what comes
            // after it by the reply-url would pass for a first.
            idempotencyKeys: settings.wait == .zero,
            files: true,
            privateChats: false,
            typing: false,
            largestFile: Self.largestFile
        )
        sender = settings.target.map { WebhookSender($0, http: tools.http, time: tools.time) }
        keeper = HealthKeeper(transport: "webhook", time: tools.time)
        var logger = tools.logger
        logger[metadataKey: "hook"] = "\(settings.name)"
        self.logger = logger
    }

    var health: ChannelHealth { keeper.health }

    func run(_ inbox: any ChannelInbox) async throws {
        try tools.webhooks.add(settings.name) { [weak self] request in
            await self?.take(request, inbox) ?? WebhookResponse(status: 503)
        }
        defer { tools.webhooks.remove(settings.name) }
        keeper.connected()
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
        keeper.lost("the hook is closed")
    }

    // MARK: - In

    /// Answers one request: let in by its raw bytes first, read after that, and told of only when the host has it.
    func take(_ request: WebhookRequest, _ inbox: any ChannelInbox) async -> WebhookResponse {
        guard request.method == "POST" else { return WebhookResponse(status: 405, headers: ["allow": "POST"]) }
        let now = tools.time.now
        guard let proof = settings.authentication.proof(of: request, key: settings.key, now: now) else {
            guard guesses.takes(request.peer, at: tools.time.monotonic) else {
                return WebhookResponse(status: 429, headers: ["retry-after": "60"])
            }
            logger.warning("A post without a valid proof was refused", metadata: ["peer": "\(request.peer)"])
            return WebhookResponse(status: 401)
        }
        guard let body = WebhookBody(request.body, contentType: request.headers["content-type"]) else {
            return Self.reply(415, ["error": "the body is neither JSON, form nor UTF-8 text, as its content-type says"])
        }
        keeper.heard()
        let isSynchronous = settings.wait > .zero
        let event = WebhookReading(settings: settings).event(body, proof, now: now, isSynchronous: isSynchronous)
        // Noted before it is stored: a repeat that comes meanwhile must not wait for an answer of its own.
        let isRepeat = recent.withLock { recent in
            guard !recent.contains(proof.key) else { return true }
            recent.append(proof.key)
            if recent.count > Self.mostRecent { recent.removeFirst() }
            return false
        }
        let ticket = isSynchronous && !isRepeat ? answers.ticket(event.address, for: proof.key) : nil
        crashPoint("channel.webhook-received")
        do {
            try await inbox.accept(event)
        } catch {
            if let ticket { answers.drop(ticket) }
            if !isRepeat { recent.withLock { recent in recent.removeAll { $0 == proof.key } } }
            logger.error("A post could not be stored", metadata: ["error": "\(error)"])
            return WebhookResponse(status: 503, headers: ["retry-after": "5"])
        }
        crashPoint("channel.webhook-taken")
        var fields: [String: JSONValue] = ["id": .string(proof.key)]
        if isRepeat { fields["duplicate"] = true }
        guard let ticket, let answer = await answers.wait(ticket, for: settings.wait, tools.time) else {
            return Self.reply(202, fields)
        }
        fields["text"] = .string(answer.text)
        var response = Self.reply(200, fields)
        // Until it is sent the message counts as none: the host may end, or the sender be gone.
        response.written = { answer.wasSent() }
        return response
    }

    private static func reply(_ status: Int, _ fields: [String: JSONValue]) -> WebhookResponse {
        let text = (try? JSONValue.object(fields).text()) ?? "{}"
        return WebhookResponse(status: status, headers: ["content-type": "application/json"], body: Array(text.utf8))
    }

    // MARK: - Out

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        // What answers a task or a post that is gone is for nobody who waits here.
        if message.partsDone == 0, message.answers != .other, let text = Self.answer(message, capabilities),
            await answers.give(text, at: message.address, to: message.answers.platformMessageID)
        {
            crashPoint("channel.webhook-answered")
            return SentMessage(platformMessageID: nil)
        }
        guard let sender else {
            throw ChannelError(
                .rejected,
                "the hook \(settings.name) has no reply-url, and no post waits for an answer: send it to another chat"
            )
        }
        do throws(ChannelError) {
            return try await OutgoingParts(message, for: capabilities).send(from: message.partsDone, time: tools.time) {
                part throws(PartFailure) in try await sender.send(part, of: message)
            }
        } catch {
            if case .rateLimited(let pause) = error.code { keeper.limited(for: pause) }
            throw error
        }
    }

    /// What a waiting post is answered with; nil for what is no text alone.
    private static func answer(_ message: OutboundMessage, _ capabilities: ChannelCapabilities) -> String? {
        guard case .text(let text, let files) = message.fitted(to: capabilities).body, files.isEmpty, !text.isEmpty
        else { return nil }
        return text
    }

    func setTyping(_ address: ChatAddress) async {}

    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }

    /// Nobody has an id here.
    func isNativeID(_ text: String) -> Bool { false }
}
