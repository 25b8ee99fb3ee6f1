/// A request to a webhook, as it came.
package struct WebhookRequest: Sendable {
    /// `GET` or `POST`.
    package let method: String
    /// The registered path, without `/hooks/`.
    package let path: String
    /// What stands behind the `?`, still encoded; empty without it.
    package let query: String
    package let headers: HeaderList
    /// The raw bytes: signatures are checked over them, before anything is parsed.
    package let body: [UInt8]
    /// The address of who connected; behind a reverse proxy it is the proxy's.
    package let peer: String
}

/// What a webhook answers.
package struct WebhookResponse: Sendable {
    package var status: Int
    package var headers: HeaderList
    package var body: [UInt8]
    /// Called once all of it was handed to the kernel; let go of without a call when that fails.
    package var written: (@Sendable () -> Void)?

    package init(
        status: Int,
        headers: HeaderList = [:],
        body: [UInt8] = [],
        written: (@Sendable () -> Void)? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.written = written
    }
}

/// Answers one request; a platform's deadline is a few seconds, so it stores the event and lets others work on it.
package typealias WebhookHandler = @Sendable (WebhookRequest) async -> WebhookResponse

/// Bounds of the listener.
package struct WebhookOptions: Sendable {
    /// The address to listen at.
    package var host = "127.0.0.1"
    /// The port; 0 takes any that is free.
    package var port: Int
    /// Largest body, in bytes.
    package var bodyLimit = 2 << 20
    /// Bodies of all requests under way together, in bytes; more is answered with 503.
    package var memoryLimit = 16 << 20
    /// Time from the opening of the connection, or the last answer, to the end of a request's headers.
    package var headLimit: Duration = .seconds(10)
    /// Time from the headers to the end of the body.
    package var bodyTime: Duration = .seconds(20)
    /// Connections at once; others wait to be accepted.
    package var connections = 64
    /// Time that requests under way have to end when the listener stops.
    package var grace: Duration = .seconds(5)

    package init(port: Int) { self.port = port }
}
