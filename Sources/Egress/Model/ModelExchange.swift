import AsyncHTTPClient
import Core
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOHTTP1

/// Carries the requests of one session to the model servers, one after the other on each connection.
struct ModelExchange: Sendable {
    /// Largest body of a request.
    static let bodyLimit = 64 << 20
    /// Largest body that is taken whole before it goes on; a longer one goes on as it comes.
    private static let wholeLimit = 256 << 10
    /// Largest error body that is looked through for the key.
    private static let errorLimit = 256 << 10

    let client: HTTPClient
    let lookup: ModelRoute.Lookup
    let logger: Logger

    /// An answer of the host's own.
    private struct Refusal: Error {
        var status: HTTPResponseStatus
        var type: String
        var message: String
    }

    func serve(_ connection: ListenerServer.Connection) async throws {
        try await connection.executeThenClose { inbound in
            let reader = RequestReader(inbound, bodyLimit: Self.bodyLimit)
            let responder = Responder(channel: connection.channel)
            while let head = try await reader.head() {
                guard try await answer(head, reader, responder) else { return }
            }
        }
    }

    /// Answers one request; false when the connection cannot take another.
    private func answer(_ head: HTTPRequestHead, _ reader: RequestReader, _ responder: Responder) async throws -> Bool {
        let start = SystemTime().monotonic
        var sent = 0
        var status = HTTPResponseStatus.ok
        var reason: String?
        let path = ModelPath(head.uri)
        do {
            let (request, upstream) = try await request(for: head, path, reader)
            let response = try await execute(request, upstream)
            status = response.status
            sent = try await pass(response, upstream, responder)
        } catch let refusal as Refusal {
            status = refusal.status
            reason = refusal.message
            try await responder.whole(status, type: "application/json", Self.json(refusal))
        } catch {
            // Part of the answer is out: cutting the connection is the only way to say that it is not whole.
            log(head, path, "cut", start, await reader.bodyBytes, sent, Task.isCancelled ? "client left" : "\(error)")
            throw error
        }
        log(head, path, "\(status.code)", start, await reader.bodyBytes, sent, reason)
        return await reader.isAtEnd && head.isKeepAlive && reason == nil
    }

    private func request(
        for head: HTTPRequestHead,
        _ path: ModelPath?,
        _ reader: RequestReader
    ) async throws -> (HTTPClientRequest, ModelUpstream) {
        guard let path else {
            throw Refusal(
                status: .notFound,
                type: "not_found_error",
                message: "Only /model/<provider>/… is served here."
            )
        }
        guard head.method == .POST || head.method == .GET else {
            throw Refusal(status: .methodNotAllowed, type: "invalid_request_error", message: "Only GET and POST pass.")
        }
        // Before the profile is looked up: what a sandbox holds back would go out with a key of long ago.
        let body = try await body(of: head, reader)
        let upstream: ModelUpstream?
        do {
            upstream = try await lookup(path.profile)
        } catch {
            throw Refusal(status: .serviceUnavailable, type: "api_error", message: "\(error)")
        }
        guard let upstream, upstream.kind != .offline else {
            let message = "No model provider is named \(path.profile): see nanoclaw providers list."
            throw Refusal(status: .notFound, type: "not_found_error", message: message)
        }
        var request = HTTPClientRequest(url: upstream.baseURL.url(path.rest))
        request.method = head.method
        request.headers = HTTPHeaders(HeaderRules.request(head.headers, to: upstream))
        request.body = body
        return (request, upstream)
    }

    private func body(of head: HTTPRequestHead, _ reader: RequestReader) async throws -> HTTPClientRequest.Body? {
        guard head.method == .POST else {
            while try await reader.body() != nil {}
            return nil
        }
        guard let length = head.headers.first(name: "content-length").flatMap({ Int64($0) }) else {
            return .stream(RequestBody(reader: reader), length: .unknown)
        }
        if length > Self.bodyLimit { throw Self.tooLarge }
        return length <= Self.wholeLimit
            ? .bytes(try await reader.wholeBody()) : .stream(RequestBody(reader: reader), length: .known(length))
    }

    private func execute(_ request: HTTPClientRequest, _ upstream: ModelUpstream) async throws -> HTTPClientResponse {
        do {
            // No time limit: how long a model may think is for the runner to say, who leaves when it is over.
            return try await client.execute(request, deadline: .distantFuture)
        } catch let error as EgressError where error.code == .tooLarge {
            throw Self.tooLarge
        } catch {
            if Task.isCancelled { throw CancellationError() }
            let message = "No answer from \(upstream.baseURL): \(Self.words(for: error)). Does the model server run?"
            throw Refusal(status: .badGateway, type: "api_error", message: message)
        }
    }

    /// Passes the answer on and counts its bytes.
    ///
    /// An error's body is looked through first: some servers repeat the key.
    private func pass(
        _ response: HTTPClientResponse,
        _ upstream: ModelUpstream,
        _ responder: Responder
    ) async throws -> Int {
        var headers = HTTPHeaders(HeaderRules.response(response.headers))
        if response.status.code >= 300 {
            var body = try await response.body.collect(upTo: Self.errorLimit)
            let text = body.readString(length: body.readableBytes) ?? ""
            let clean = upstream.key.map { text.replacing($0, with: "[key]") } ?? text
            headers.replaceOrAdd(name: "content-length", value: String(clean.utf8.count))
            try await responder.head(response.status, headers)
            try await responder.body(ByteBuffer(string: clean))
            try await responder.end()
            return clean.utf8.count
        }
        try await responder.head(response.status, headers)
        var sent = 0
        for try await buffer in response.body {
            sent += buffer.readableBytes
            try await responder.body(buffer)
        }
        try Task.checkCancellation()
        try await responder.end()
        return sent
    }

    private static let tooLarge = Refusal(
        status: .payloadTooLarge,
        type: "request_too_large",
        message: "The request is over \(bodyLimit >> 20) MiB."
    )

    /// An error in the shape that both wires understand.
    private static func json(_ refusal: Refusal) -> String {
        let error = ["type": refusal.type, "message": refusal.message]
        let text = try? JSONText.encode(error)
        return "{\"type\":\"error\",\"error\":\(text ?? "{}")}"
    }

    private static func words(for error: any Error) -> String {
        switch (error as? HTTPClientError, (error as? IOError)?.errnoCode) {
        case (.connectTimeout?, _): "the connection took too long"
        case (.remoteConnectionClosed?, _): "it closed the connection"
        case (_, ECONNREFUSED?): "connection refused"
        default: String("\(error)".split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
        }
    }

    private func log(
        _ head: HTTPRequestHead,
        _ path: ModelPath?,
        _ outcome: String,
        _ start: Duration,
        _ received: Int,
        _ sent: Int,
        _ reason: String?
    ) {
        var metadata: Logger.Metadata = [
            "method": "\(head.method)", "provider": "\(path?.profile ?? "-")", "path": "\(path?.rest ?? "-")",
            "outcome": "\(outcome)", "request_bytes": "\(received)", "response_bytes": "\(sent)",
            "milliseconds": "\((SystemTime().monotonic - start).milliseconds)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        logger.info("model request", metadata: metadata)
    }
}
