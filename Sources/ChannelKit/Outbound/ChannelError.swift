/// Why a platform did not take a message.
package struct ChannelError: Error, Sendable, CustomStringConvertible {
    /// What the failure means for the message.
    package enum Code: Sendable, Hashable {
        /// The link is down; the message waits.
        case notConnected
        /// Too many messages; not before this time has passed.
        case rateLimited(retryAfter: Duration)
        /// A failure that may pass: 5xx, the network. Sent again, for a day, the message is shown once.
        case transient
        /// The request is out and its answer is lost, and sent again the message may be shown twice: it is sent once more,
        /// marked, and no further. While the platform is sure to know the key it is sent again as after ``transient``.
        case noAnswer
        /// The platform will never take this message.
        case rejected
    }

    package let code: Code
    /// What happened, with the platform's own words.
    package let message: String
    /// The cause, if another error stands behind it.
    package let cause: (any Error)?
    /// Parts of a split message that the platform has taken, those of earlier attempts included.
    package let partsDone: Int

    package init(_ code: Code, _ message: String, partsDone: Int = 0, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.partsDone = partsDone
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
