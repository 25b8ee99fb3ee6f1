package import Core

/// The answer to an ``HTTPCall``, whatever its status.
package struct HTTPReply: Sendable {
    package var status: Int
    package var headers: HeaderList
    package var body: [UInt8]
    /// The URL that answered, after redirects.
    package var url: String

    package init(status: Int, headers: HeaderList = [:], body: [UInt8] = [], url: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }

    /// True for 200 to 299.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The body as text, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; throws ``CoreError`` when it is none.
    package func json() throws -> JSONValue { try JSONText.decode(JSONValue.self, body) }

    /// What the server asks to wait for, if it does.
    package var retryAfter: RetryAfter? { headers["retry-after"].flatMap { RetryAfter($0) } }
}

/// A body that was streamed to a file.
package struct HTTPDownload: Sendable, Hashable {
    /// The answer's status, 200 to 299.
    package var status: Int
    package var size: Int64
    /// The `Content-Type` as sent; nil when there was none.
    package var type: String?
    /// The bytes' SHA-256.
    package var sha256: [UInt8]
    package var headers: HeaderList
}

/// How a download ended: other statuses than 2xx are handed back with a bounded body and nothing is written.
package enum HTTPDownloadResult: Sendable {
    case saved(HTTPDownload)
    case refused(HTTPReply)
}
