package import ChannelKit
package import Core
package import SessionStoreHost

/// What an attempt to deliver came to.
package enum DeliveryAnswer: Sendable {
    case sent(SentMessage)
    case refused(ChannelError)
}

/// What becomes of the row.
package enum DeliveryVerdict: Sendable, Equatable {
    case delivered(platformMessageID: String?, parts: Int, note: String?)
    /// Once more at that time; `parts` are with the platform already.
    case retry(at: Timestamp, parts: Int, error: String)
    /// At once, once, marked: the outcome of the attempt before is unknown; `parts` are with the platform already.
    case resend(parts: Int, note: String)
    case failed(error: String)
    case unknown(error: String)
}

/// Decides what follows from an adapter's answer: design §9 as a function.
package struct DeliveryPolicy: Sendable {
    /// Rows that could not be delivered for this long are given up.
    package var giveUpAfter: Duration
    /// The longest that a request of an agent may take.
    package var answerWithin: Duration = .seconds(60)
    /// How long a record waits for the commit of its session's next message, where a repeat would be shown once.
    package var recordPatience: Patience

    package init(
        giveUpAfter: Duration = .seconds(24 * 3600),
        recordPatience: Patience = Patience(least: .milliseconds(50), most: .milliseconds(500))
    ) {
        self.giveUpAfter = giveUpAfter
        self.recordPatience = recordPatience
    }

    /// The error that marks a row whose earlier attempt has no known outcome.
    package static let unknownOutcome = "outcome unknown: sent a second time"

    /// What becomes of a row.
    ///
    /// `attempts` counts this one too; `wasUnknown` says that it is sent a second time because an earlier attempt has no known
    /// outcome; `parts` are known to be with the platform; `hiddenUntil` is when a repeat may be seen, nil where no attempt
    /// is open or no key is known for a time.
    package func verdict(
        _ answer: DeliveryAnswer,
        attempts: Int,
        wasUnknown: Bool,
        parts: Int,
        hiddenUntil: Timestamp? = nil,
        recordedAt: Timestamp,
        now: Timestamp
    ) -> DeliveryVerdict {
        let mayBeThere = wasUnknown || hiddenUntil != nil
        switch answer {
        case .sent(let message):
            return .delivered(
                platformMessageID: message.platformMessageID,
                parts: message.parts,
                note: wasUnknown ? Self.unknownOutcome : nil
            )
        case .refused(let error):
            let done = max(parts, error.partsDone)
            switch error.code {
            case .rejected: return Self.end(error.description, mayBeThere)
            case .notConnected, .transient:
                return later(error.description, pause(attempts), mayBeThere, done, recordedAt, now)
            case .rateLimited(let retryAfter):
                return later(error.description, max(retryAfter, .seconds(1)), mayBeThere, done, recordedAt, now)
            case .noAnswer:
                if let hiddenUntil, now + pause(attempts) < hiddenUntil {
                    return later(error.description, pause(attempts), mayBeThere, done, recordedAt, now)
                }
                return wasUnknown
                    ? .unknown(error: "the channel did not answer twice: it may or may not have the message")
                    : .resend(parts: done, note: Self.unknownOutcome)
            }
        }
    }

    /// What becomes of a row before its next attempt, where an earlier one is open; nil when it is sent as if there were none.
    ///
    /// `hidden` is how long the channel hides a repeat: zero without keys, nil for ever.
    package func verdictBeforeRepeat(_ row: Delivery, hidden: Duration?, now: Timestamp) -> DeliveryVerdict? {
        // With a clock that was set back nobody knows how old the attempt is.
        guard let since = row.openSince, let hidden, now < since || now >= since + hidden else { return nil }
        return row.wasUnknown
            ? .unknown(error: "of two attempts nobody knows what came: the platform may or may not have the message")
            : .resend(parts: row.partsDone, note: Self.unknownOutcome)
    }

    private func later(
        _ error: String,
        _ pause: Duration,
        _ mayBeThere: Bool,
        _ parts: Int,
        _ recordedAt: Timestamp,
        _ now: Timestamp
    ) -> DeliveryVerdict {
        let next = now + pause
        guard next < recordedAt + giveUpAfter else { return Self.end("given up after a day: \(error)", mayBeThere) }
        return .retry(at: next, parts: parts, error: error)
    }

    /// What is given up: failed, unless an earlier attempt may have brought it there.
    static func end(_ error: String, _ mayBeThere: Bool) -> DeliveryVerdict {
        mayBeThere
            ? .unknown(error: "the channel may have it from an earlier attempt; this one failed: \(error)")
            : .failed(error: error)
    }

    private func pause(_ attempts: Int) -> Duration { .seconds(min(60, 1 << min(max(attempts - 1, 0), 6))) }
}
