package import LinuxIO

/// One HTTP request of a channel.
package struct HTTPCall: Sendable {
    /// The method.
    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    /// What is sent along.
    package enum Body: Sendable {
        case none
        case bytes([UInt8], type: String)
        /// JSON text, as `application/json`.
        case json(String)
        /// Names and values, as `application/x-www-form-urlencoded`.
        case form([(String, String)])
        case multipart([MultipartPart])
        /// The first `size` bytes of an open regular file, streamed from disk.
        case file(Descriptor, size: Int64, type: String)
    }

    package var method: Method
    /// An absolute http or https URL.
    package var url: String
    package var headers: HeaderList
    package var body: Body
    /// Time for all of it, from the look-up of the name to the last byte of the answer.
    ///
    /// A call that may take over 30 s, such as a long poll or a large file, has a connection beside those of all others.
    package var deadline: Duration
    /// Bytes of the answer's body that are taken at most; more is `tooLarge`.
    package var replyLimit: Int
    /// Texts that are scrubbed from every error: whatever of the URL or headers is secret.
    package var redacting: [String]
    /// Where a URL from outside may go.
    ///
    /// Nil for URLs of the operator's configuration.
    package var hosts: HostRule?
    /// How many redirects of a GET or HEAD are followed, each hop checked by `hosts`, or, without it, bound to the
    /// same origin; other answers of 3xx are handed back.
    package var redirects: Int

    package init(
        _ method: Method,
        _ url: String,
        headers: HeaderList = [:],
        body: Body = .none,
        deadline: Duration = .seconds(30),
        replyLimit: Int = 4 << 20,
        redacting: [String] = [],
        hosts: HostRule? = nil,
        redirects: Int = 0
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.replyLimit = replyLimit
        self.redacting = redacting
        self.hosts = hosts
        self.redirects = redirects
    }
}

/// One part of a `multipart/form-data` body (RFC 7578).
package struct MultipartPart: Sendable {
    /// What the part holds.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// The first `size` bytes of an open regular file, streamed from disk.
        case file(Descriptor, size: Int64)
    }

    package var name: String
    package var fileName: String?
    /// The media type; nil leaves it to the receiver.
    package var type: String?
    package var content: Content

    /// A part in full.
    package init(name: String, fileName: String? = nil, type: String? = nil, content: Content) {
        self.name = name
        self.fileName = fileName
        self.type = type
        self.content = content
    }

    /// A plain form field.
    package static func field(_ name: String, _ value: String) -> MultipartPart {
        MultipartPart(name: name, content: .bytes(Array(value.utf8)))
    }

    /// A file's bytes below its name.
    package static func file(
        _ name: String,
        fileName: String,
        type: String,
        _ descriptor: Descriptor,
        size: Int64
    ) -> MultipartPart {
        MultipartPart(name: name, fileName: fileName, type: type, content: .file(descriptor, size: size))
    }
}
