import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Lets the platform call the host: a path that nobody guesses, and a secret in a header of each request.
struct TelegramHook: Sendable {
    /// How often the platform is asked whether it reaches the host.
    private static let round: Duration = .seconds(60)

    let api: TelegramAPI
    let intake: TelegramIntake
    let health: HealthKeeper
    let tools: ChannelTools
    let bot: Int64
    /// The address under which the host's listener is reached from outside, without `/hooks`.
    let url: String

    /// Both follow from the token: they are the same after a restart, change with it, and do not tell it.
    private func derived(_ label: String) -> String {
        Hex.encode(HMACSignature.code(.sha256, key: Array(api.token.utf8), Array("nanoclaw \(label)".utf8)))
    }

    /// Under this stand all paths that accounts of a bot have or had.
    static func folder(of bot: Int64) -> String { "\(TelegramChats.channel)/\(bot)/" }

    var path: String { Self.folder(of: bot) + derived("webhook path").prefix(40) }
    var secret: String { derived("webhook secret") }

    /// Serves the path until cancelled; throws only then, and when the path is taken.
    func run() async throws {
        try tools.webhooks.add(path) { request in await answer(request) }
        defer { tools.webhooks.remove(path) }
        var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(60))
        var isSet = false
        while true {
            try Task.checkCancellation()
            var pause = Self.round
            do {
                if !isSet {
                    try await set()
                    isSet = true
                }
                isSet = try await look()
                if isSet { backoff.succeeded(at: tools.time.monotonic) } else { pause = .seconds(1) }
            } catch {
                try Task.checkCancellation()
                health.lost(error.code == .unauthorized ? PollPlan.unauthorized : error.message, tools.logger)
                pause = backoff.failed(at: tools.time.monotonic)
                if case .tooMany(let wait) = error.code { pause = wait }
            }
            try await tools.time.sleep(for: pause)
        }
    }

    private func set() async throws(TelegramFailure) {
        _ = try await api.call(
            "setWebhook",
            [
                "url": .string("\(url)/hooks/\(path)"), "secret_token": .string(secret),
                "allowed_updates": .array(TelegramUpdate.kinds.map(JSONValue.string)), "max_connections": 8,
                "drop_pending_updates": false,
            ]
        )
    }

    private struct Info: Decodable, Sendable {
        var url: String
        var pending: Int?
        /// Unix seconds.
        var failedAt: Int64?
        var failure: String?

        enum CodingKeys: String, CodingKey {
            case url
            case pending = "pending_update_count"
            case failedAt = "last_error_date"
            case failure = "last_error_message"
        }
    }

    /// Asks the platform how it fares with the webhook; false when it is not ours any more.
    private func look() async throws(TelegramFailure) -> Bool {
        let info = try await api.call("getWebhookInfo", as: Info.self)
        health.waiting(info.pending)
        guard info.url == "\(url)/hooks/\(path)" else {
            let words = "another program took the webhook of this bot: stop it, or give this account a bot of its own"
            health.lost(words, tools.logger)
            return false
        }
        let waits = (info.pending ?? 0) > 0
        let isFresh = info.failedAt.map { tools.time.now - Self.round * 2 < Timestamp(unixSeconds: $0) } ?? false
        if waits, isFresh, let failure = info.failure {
            health.lost("Telegram does not reach \(url): \(failure)", tools.logger)
        } else {
            health.heard()
        }
        return true
    }

    private func answer(_ request: WebhookRequest) async -> WebhookResponse {
        // Before anything is parsed, and without a word to whoever does not know it.
        let given = Array((request.headers["x-telegram-bot-api-secret-token"] ?? "").utf8)
        guard request.method == "POST", HMACSignature.areEqual(given, Array(secret.utf8)) else {
            return WebhookResponse(status: 401)
        }
        let update: TelegramUpdate
        do {
            update = try JSONText.decode(TelegramUpdate.self, request.body)
        } catch {
            tools.logger.error("A webhook's update cannot be read", metadata: ["why": "\(error)"])
            // It would come again and again, and before all others of its chat.
            return WebhookResponse(status: 200)
        }
        health.heard()
        do {
            try await intake.take(update)
            crashPoint("channel.telegram-hook-taken")
            return WebhookResponse(status: 200)
        } catch {
            tools.logger.warning("An update was not taken", metadata: ["update": "\(update.id)", "why": "\(error)"])
            return WebhookResponse(status: 503)
        }
    }
}
