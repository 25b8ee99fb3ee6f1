/// Why a model gave no whole answer.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    package let code: Code
    /// One sentence for the chat: what happened and, where there is a way, how to fix it.
    ///
    /// No secrets.
    package let message: String
    /// What the server itself said, at most 500 characters; for the log.
    package let cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// What kind of failure it is.
    package enum Code: Sendable, Hashable {
        /// The key is missing, wrong, without the right or without money (401, 402, 403).
        case unauthorized
        /// Too many requests or tokens (429); `retryAfter` when the server named a time.
        case rateLimited(retryAfter: Duration?)
        /// The server fails or is full (5xx, 529); `retryAfter` when it named a time.
        case overloaded(retryAfter: Duration?)
        /// The server will not take this request (other 4xx); the same one would fail again.
        case rejected
        /// The conversation is longer than the model's context.
        case contextTooLong
        /// No connection, or it broke.
        case network
        /// The answer follows no protocol we know.
        case malformed
        /// The answer began and ended before its end.
        case truncated
        /// No first byte, or a silence, longer than ``ModelTimeouts`` allow.
        case timeout
    }

    /// Whether the same request may succeed later.
    ///
    /// A wrong key counts: it can be put right while the message waits.
    package var isRetryable: Bool {
        switch code {
        case .rejected, .contextTooLong: false
        default: true
        }
    }

    /// How long the server asks to wait.
    package var retryAfter: Duration? {
        switch code {
        case .rateLimited(let time), .overloaded(let time): time
        default: nil
        }
    }

    package var description: String { message }
}
