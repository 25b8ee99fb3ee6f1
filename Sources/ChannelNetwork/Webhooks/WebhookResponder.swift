import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// Finds the handler of a request, takes the body within its bounds and writes what the handler answers.
final class WebhookResponder: Sendable {
    private static let prefix = "/hooks/"

    private let routes: WebhookRoutes
    private let options: WebhookOptions
    /// Bytes of bodies under way.
    private let held = Mutex(0)

    init(routes: WebhookRoutes, options: WebhookOptions) {
        self.routes = routes
        self.options = options
    }

    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let target = request.head.path ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts.first ?? ""
        let path = String(whole.dropFirst(Self.prefix.count))
        guard whole.hasPrefix(Self.prefix), let handler = routes[path] else {
            return try await writer.write(WebhookResponse(status: 404))
        }
        guard request.head.method == .get || request.head.method == .post else {
            return try await writer.write(WebhookResponse(status: 405, headers: ["allow": "GET, POST"]))
        }
        var taken = 0
        defer { held.withLock { $0 -= taken } }
        var body: [UInt8] = []
        let told = request.head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard told <= options.bodyLimit else { return try await writer.write(WebhookResponse(status: 413)) }
        for try await buffer in request.body {
            let count = buffer.readableBytes
            guard taken + count <= options.bodyLimit else {
                return try await writer.write(WebhookResponse(status: 413))
            }
            guard hold(count) else {
                return try await writer.write(WebhookResponse(status: 503, headers: ["retry-after": "5"]))
            }
            taken += count
            body.append(contentsOf: buffer.readableBytesView)
        }
        let response = await handler(
            WebhookRequest(
                method: request.head.method.rawValue,
                path: path,
                query: parts.count == 2 ? String(parts[1]) : "",
                headers: HeaderList(request.head),
                body: body,
                peer: channel.remoteAddress?.ipAddress ?? ""
            )
        )
        if let written = response.written {
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: WriteWatch.self).onWritten = written
            }.get()
        }
        try await writer.write(response)
    }

    private func hold(_ count: Int) -> Bool {
        held.withLock { held in
            guard held + count <= options.memoryLimit else { return false }
            held += count
            return true
        }
    }
}

extension HeaderList {
    /// The fields of a request as they came, the authority as `host`.
    init(_ head: HTTPRequest) {
        self.init()
        if let authority = head.authority { add("host", authority) }
        for field in head.headerFields { add(field.name.rawName, field.value) }
    }
}

extension ResponseWriter {
    /// Writes a whole answer; fields whose names or values cannot be sent are left out.
    consuming func write(_ response: WebhookResponse) async throws {
        var fields = HTTPFields()
        for field in response.headers {
            guard let name = HTTPField.Name(field.name), HTTPField.isValidValue(field.value) else { continue }
            fields.append(HTTPField(name: name, value: field.value))
        }
        fields[.contentLength] = String(response.body.count)
        let status = (200...599).contains(response.status) ? response.status : 500
        let head = HTTPResponse(status: .init(code: status), headerFields: fields)
        let body = response.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: response.body))
        try await write(response: head, body: body)
    }
}
