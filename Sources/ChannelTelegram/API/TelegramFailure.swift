import ChannelKit
import ChannelNetwork
import Core

/// Why a call of the Bot API came to nothing; the message never holds the token.
struct TelegramFailure: Error, Sendable, CustomStringConvertible {
    /// What follows from it.
    enum Code: Sendable, Hashable {
        /// No answer came.
        case network(NetworkFailure)
        /// Too many calls: not again before this time has passed.
        case tooMany(Duration)
        /// The token does not count.
        case unauthorized
        /// Another program polls, or a webhook is set.
        case conflict(isWebhook: Bool)
        /// The bot may not do this here: blocked, removed, without the right.
        case forbidden
        /// The chat has another id now.
        case moved(to: Int64)
        /// The text's markup cannot be read.
        case formatting
        /// The message is as it should be already.
        case notModified
        /// Wrong in itself: the same call will never succeed.
        case refused
        /// A failure of the server, which may pass.
        case server(Int)
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    var description: String { message }

    /// What an answer that is no success means.
    ///
    /// `description` are the platform's words; `seconds` and `newChat` its `parameters`.
    init(method: String, status: Int, description: String, retryAfter seconds: Int?, newChat: Int64?) {
        let words = String(description.prefix(300))
        self.message = "Telegram answers \(method) with \(status): \(words)"
        let lower = words.lowercased()
        switch status {
        case 401: code = .unauthorized
        // So it answers to a token that it cannot read.
        case 404 where lower == "not found": code = .unauthorized
        case 403: code = .forbidden
        case 409: code = .conflict(isWebhook: lower.contains("webhook is active"))
        // At most a day: no platform means more, and nobody waits for it.
        case 429: code = .tooMany(.seconds(min(max(seconds ?? 1, 1), 86_400)))
        case 500...: code = .server(status)
        case _ where newChat != nil: code = .moved(to: newChat ?? 0)
        case 400 where lower.contains("can't parse entities"): code = .formatting
        case 400 where lower.contains("message is not modified"): code = .notModified
        default: code = .refused
        }
    }

    /// The same as the host is told of a message that was to be sent; `isRepeatable` when done twice it is as done once.
    func forSender(isRepeatable: Bool) -> ChannelError {
        switch code {
        case .network(let failure) where !failure.mayHaveArrived: ChannelError(.notConnected, message)
        // An answer that cannot be read says nothing, nor does a server in between that has waited for one.
        case .network, .server(200..<300), .server(504): ChannelError(isRepeatable ? .transient : .noAnswer, message)
        case .server: ChannelError(.transient, message)
        case .tooMany(let pause): ChannelError(.rateLimited(retryAfter: pause), message)
        case .unauthorized: ChannelError(.notConnected, message)
        case .conflict: ChannelError(.transient, message)
        case .forbidden:
            ChannelError(
                .rejected,
                "\(message). A person must open the bot's chat and press Start; a group must add the bot and let it write"
            )
        case .moved, .formatting, .notModified, .refused: ChannelError(.rejected, message)
        }
    }
}
