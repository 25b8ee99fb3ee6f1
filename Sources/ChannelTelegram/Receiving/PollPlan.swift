import ChannelNetwork
import Core

/// What to do after each answer to a poll; a pure value.
struct PollPlan: Sendable {
    /// One poll.
    struct Question: Sendable, Equatable {
        /// Updates in one answer at most, 1 to 100.
        var limit: Int
        /// Seconds that the platform may wait for an update.
        var seconds: Int
    }

    /// After a poll that came to nothing.
    struct Pause: Sendable, Equatable {
        var wait: Duration
        /// What the operator reads.
        var words: String
        /// A webhook keeps updates away: it is to be deleted first.
        var deletesWebhook = false
    }

    /// The longest that the platform keeps a poll open.
    static let longPoll = 50
    static let largestLimit = 100

    private var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(30))
    private var limit = Self.largestLimit
    /// The link is known to stand: only then a poll waits, so that a fault shows at once.
    private var isUp = false

    /// The next poll.
    var question: Question { Question(limit: limit, seconds: isUp ? Self.longPoll : 0) }

    /// The poll was answered and all it brought was taken.
    mutating func succeeded(at now: Duration) {
        backoff.succeeded(at: now)
        isUp = true
        limit = min(limit * 2, Self.largestLimit)
    }

    /// The poll was answered, and not all that it brought could be stored: the link stands, and the platform is asked
    /// again after this pause.
    mutating func notStored(at now: Duration) -> Duration { backoff.failed(at: now) }

    /// The poll was not answered.
    mutating func failed(_ failure: TelegramFailure, at now: Duration) -> Pause {
        isUp = false
        let wait = backoff.failed(at: now)
        switch failure.code {
        case .tooMany(let pause): return Pause(wait: pause, words: failure.message)
        case .conflict(isWebhook: true):
            return Pause(wait: wait, words: "a webhook is set for this bot; it is being removed", deletesWebhook: true)
        case .conflict(isWebhook: false):
            return Pause(
                wait: wait,
                words: "another program polls with this token: stop it, or give this account a bot of its own"
            )
        case .unauthorized: return Pause(wait: wait, words: Self.unauthorized)
        case .network(.tooLarge):
            limit = max(1, limit / 4)
            return Pause(wait: wait, words: failure.message)
        default: return Pause(wait: wait, words: failure.message)
        }
    }

    /// What is said of a token that does not count.
    static let unauthorized =
        "Telegram does not accept the token: it was revoked, or the server at `api` does not know it; "
        + "take the new one from @BotFather, remove the account and add it again"
}
